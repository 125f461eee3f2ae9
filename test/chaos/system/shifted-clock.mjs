/**
 * Preloaded into a process of a chaos run: its wall clock is off by the milliseconds that a file says, and jumps when
 * the file changes. Clocks that only measure (performance.now, timers) go on as they are, as with a real clock that is set.
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
