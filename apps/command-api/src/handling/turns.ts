import { setTimeout } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { OrderLine } from './order-queue.js';

/** So many turns of others fit between two of ours while others want the same order. */
const TURNS_OF_OTHERS = 3;
/** After so many turns in a row whoever lost all of them, and can't say so, gets a chance. */
const TURNS_IN_A_ROW = 16;
const TURNS_LEFT_THEN = 2;
/** So long after the last lost race others may be thought to want the order still. */
const RIVALRY_MS = 1_000;
const MOST_RIVALRIES = 10_000;

const FIRST_GUESS_MS = 2;
const LONGEST_TURN_MS = 20;
/** Of the newest in the average. */
const SHARE_OF_NEWEST = 0.2;

interface Rivalry {
  lostAtMs: number;
  wonAtMs: number;
}

export interface TurnsOptions {
  readonly elapsedMs: () => number;
  /** From 0 up to, but not, 1. */
  readonly random: () => number;
}

/**
 * How processes that want the same order take turns without knowing each other. All that each can see is whether its
 * append came first. The one that came first could go on at once, while the others have to read first what it
 * appended: it would come first again. So whoever had a turn leaves the others time for theirs, and what comes in
 * meanwhile shares its next append. Whoever lost does not wait longer each time, as is usual where a resource is
 * scarce: someone comes first in every race, and the one that lost most often should.
 */
export class Turns {
  readonly #elapsedMs: () => number;
  readonly #random: () => number;
  readonly #rivalries = new LRUCache<string, Rivalry>({ max: MOST_RIVALRIES });
  #turnMs = FIRST_GUESS_MS;

  constructor({ elapsedMs, random }: TurnsOptions) {
    this.#elapsedMs = elapsedMs;
    this.#random = random;
  }

  /** Waits for as long as it is the turn of others. */
  async ours(line: OrderLine): Promise<void> {
    const waitMs = this.waitMs(line);
    if (waitMs <= 0) return;
    line.turnsInARow = 0;
    line.isStale = true; // meanwhile the others had theirs
    await setTimeout(waitMs);
  }

  /** How long it is still the turn of others. */
  waitMs(line: OrderLine): number {
    const rivalry = this.#rivalry(line.stream);
    if (!rivalry) return line.turnsInARow < TURNS_IN_A_ROW ? 0 : TURNS_LEFT_THEN * this.#turnMs;
    const spread = 0.5 + this.#random();
    return TURNS_OF_OTHERS * this.#turnMs * spread - (this.#elapsedMs() - rivalry.wonAtMs);
  }

  /** Others were faster, although the order was known as it was just before. */
  lost({ stream }: OrderLine): void {
    const lostAtMs = this.#elapsedMs();
    const rivalry = this.#rivalries.get(stream);
    if (rivalry) rivalry.lostAtMs = lostAtMs;
    else this.#rivalries.set(stream, { lostAtMs, wonAtMs: -Infinity });
  }

  won(line: OrderLine): void {
    line.turnsInARow++;
    const rivalry = this.#rivalry(line.stream);
    if (rivalry) rivalry.wonAtMs = this.#elapsedMs();
  }

  /** How long one took, from what was decided on to the answer of the store. */
  took(turnMs: number): void {
    const newest = Math.min(turnMs, LONGEST_TURN_MS);
    this.#turnMs += SHARE_OF_NEWEST * (newest - this.#turnMs);
  }

  #rivalry(stream: string): Rivalry | undefined {
    const rivalry = this.#rivalries.get(stream);
    return rivalry && this.#elapsedMs() - rivalry.lostAtMs < RIVALRY_MS ? rivalry : undefined;
  }
}
