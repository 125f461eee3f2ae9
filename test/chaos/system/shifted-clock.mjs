/**
 * Preloaded into a process of a chaos run. Its wall clock is off by the milliseconds that a file names, and jumps
 * when the file changes. Clocks that measure durations (performance.now, timers) are not changed, as with a real
 * clock that is set.
 */
import { readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';

const LOOK_EVERY_MS = 100;
const file = process.env.ORDERLOG_TEST_CLOCK_FILE;
const RealDate = Date;
let offsetMs = 0;

function look() {
  offsetMs = Number(readFileSync(file, 'utf8')) || 0;
}

if (file) {
  look();
  setInterval(look, LOOK_EVERY_MS).unref();
  globalThis.Date = class Date extends RealDate {
    constructor(...given) {
      super(...(given.length === 0 ? [RealDate.now() + offsetMs] : given));
    }
    static now() {
      return RealDate.now() + offsetMs;
    }
  };
}
