import { SingleBar } from 'cli-progress';
import { tellLine } from './output.js';

const LINE_EVERY_MS = 5_000;

/** Progress of a long piece of work, on stderr: a bar in a terminal, otherwise a line every few seconds. */
export class Progress {
  readonly #total: number;
  readonly #unit: string;
  readonly #startedMs = Date.now();
  readonly #bar: SingleBar | null;
  readonly #lines: NodeJS.Timeout | null;
  readonly #from: number;
  #done: number;

  /** @param from what was done before; the rate does not count it */
  constructor(total: number, unit: string, from = 0) {
    this.#from = this.#done = from;
    this.#total = total;
    this.#unit = unit;
    this.#bar = process.stderr.isTTY ? bar(total, unit) : null;
    this.#lines = this.#bar === null ? setInterval(() => this.#tellLine(), LINE_EVERY_MS) : null;
  }

  get done(): number {
    return this.#done;
  }

  /** Units done per second since the start. */
  get perSecond(): number {
    return (this.#done - this.#from) / Math.max(0.001, (Date.now() - this.#startedMs) / 1_000);
  }

  advance(by: number): void {
    this.#done += by;
    this.#bar?.update(this.#done, this.#figures());
  }

  /** Prints a line of its own, beside the bar. */
  tell(line: string): void {
    if (this.#bar !== null) process.stderr.write('\r\u001b[K');
    tellLine(line);
  }

  end(): void {
    this.#bar?.stop();
    if (this.#lines !== null) clearInterval(this.#lines);
  }

  #figures(): { rate: string; left: string } {
    const rate = this.perSecond;
    const left = rate === 0 ? '?' : duration((this.#total - this.#done) / rate);
    return { rate: rate.toFixed(0), left };
  }

  #tellLine(): void {
    const { rate, left } = this.#figures();
    const percent = ((100 * this.#done) / Math.max(1, this.#total)).toFixed(1);
    process.stderr.write(
      `${percent}% (${this.#done} of ${this.#total} ${this.#unit}), ${rate} ${this.#unit}/s, ${left} left\n`,
    );
  }
}

function bar(total: number, unit: string): SingleBar {
  const format = `{bar} {percentage}%  {value}/{total} ${unit}  {rate} ${unit}/s  {left} left`;
  const one = new SingleBar({ format, stream: process.stderr, hideCursor: true, fps: 5, barsize: 30 });
  one.start(total, 0, { rate: '0', left: '?' });
  return one;
}

/** `1 h 02 min`, `3 min 05 s`, `12 s` */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole >= 3_600) return `${Math.floor(whole / 3_600)} h ${two(Math.floor((whole % 3_600) / 60))} min`;
  if (whole >= 60) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${whole} s`;
}

const two = (value: number): string => String(value).padStart(2, '0');
