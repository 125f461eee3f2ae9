import { createHash } from 'node:crypto';
import type { Draw } from '#domain/testing/draw.js';

/** Choices that depend on a seed alone (sfc32, https://pracrand.sourceforge.net). */
export class Random implements Draw {
  readonly seed: string;
  readonly #state: Uint32Array;

  constructor(seed: string) {
    this.seed = seed;
    const digest = createHash('sha256').update(seed).digest();
    this.#state = Uint32Array.from([0, 4, 8, 12], (at) => digest.readUInt32LE(at));
  }

  /** A separate sequence: draws from one sequence do not change the other. */
  fork(name: string): Random {
    return new Random(`${this.seed}/${name}`);
  }

  readonly below = (limit: number): number => (limit <= 1 ? 0 : Math.floor(this.#next() * limit));
  readonly between = (least: number, most: number): number => least + this.below(most - least + 1);
  readonly one = <T>(of: readonly T[]): T | undefined => of[this.below(of.length)];
  readonly chance = (percent: number): boolean => this.#next() * 100 < percent;

  #next(): number {
    const s = this.#state;
    const t = (s[0]! + s[1]! + s[3]!) >>> 0;
    s[3] = s[3]! + 1;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = s[2]! + (s[2]! << 3);
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + t;
    return t / 2 ** 32;
  }
}
