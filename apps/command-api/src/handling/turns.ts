import { setTimeout } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { OrderQueue } from './order-queues.js';

/** How many turns of others are let pass after one of ours: as many as there seem to be others. */
const OTHERS_AT_LEAST = 2;
const OTHERS_AT_MOST = 32;
/** Of what was thought before a turn of ours; each race lost until then adds one. */
const OTHERS_KEPT = 0.7;
/** Of their turns: about as long, and not for all the same. */
const SPREAD = 0.25;
/** So long after others were last met they may be thought to want the order still. */
const RIVALRY_MS = 1_000;
/** Others who came within so many turns of ours want the order at the same time as we do. */
const NEAR_TURNS = 8;
/** After so many turns, each near the one before, whoever lost all of them, and can't say so, gets a chance. */
const TURNS_IN_A_ROW = 16;
const TURNS_LEFT_THEN = 2;
/** Orders that are remembered; of others nothing is known. */
const MOST_ORDERS = 10_000;

const FIRST_GUESS_MS = 2;
const LONGEST_TURN_MS = 20;
/** Of the newest in the average. */
const SHARE_OF_NEWEST = 0.2;

/** What is known of who wants an order. */
interface Demand {
  wonAtMs: number;
  /** Each near the one before, since others last had a chance. */
  turnsInARow: number;
  metAtMs: number;
  others: number;
}

export interface TurnsOptions {
  readonly elapsedMs: () => number;
  /** From 0 up to, but not, 1. */
  readonly random: () => number;
  /** By the same clock; the machine's unless given. */
  readonly wait?: (ms: number) => Promise<unknown>;
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
  readonly #wait: (ms: number) => Promise<unknown>;
  readonly #demands = new LRUCache<string, Demand>({ max: MOST_ORDERS });
  #turnMs = FIRST_GUESS_MS;

  constructor({ elapsedMs, random, wait = setTimeout }: TurnsOptions) {
    this.#elapsedMs = elapsedMs;
    this.#random = random;
    this.#wait = wait;
  }

  /** Waits for as long as it is the turn of others. */
  async ours(queue: OrderQueue): Promise<void> {
    const demand = this.#demands.get(queue.stream);
    if (!demand) return;
    const waitMs = this.waitMs(queue);
    // What is known of the order is old by now: an append on it would be in vain.
    if (waitMs > 0 || this.#hasRivals(demand)) queue.isStale = true;
    if (waitMs <= 0) return;
    await this.#wait(waitMs);
    demand.turnsInARow = 0;
  }

  /** How long it is still the turn of others. */
  waitMs({ stream }: OrderQueue): number {
    const demand = this.#demands.get(stream);
    if (!demand) return 0;
    const { turnsInARow, others, wonAtMs } = demand;
    if (this.#hasRivals(demand)) {
      const spread = 1 + SPREAD * (2 * this.#random() - 1);
      return others * this.#turnMs * spread - (this.#elapsedMs() - wonAtMs);
    }
    return turnsInARow < TURNS_IN_A_ROW ? 0 : TURNS_LEFT_THEN * this.#turnMs;
  }

  /** Others were faster, although the order was known as it was just before. */
  lost({ stream }: OrderQueue): void {
    const demand = this.#demandFor(stream);
    demand.metAtMs = this.#elapsedMs();
    demand.others = Math.min(OTHERS_AT_MOST, demand.others + 1);
  }

  /** Others have changed the order since it was last seen here. */
  met({ stream }: OrderQueue): void {
    const demand = this.#demands.get(stream);
    if (demand && this.#isNear(demand)) demand.metAtMs = this.#elapsedMs();
  }

  won({ stream }: OrderQueue): void {
    const demand = this.#demandFor(stream);
    demand.turnsInARow = this.#isNear(demand) ? demand.turnsInARow + 1 : 1;
    demand.wonAtMs = this.#elapsedMs();
    demand.others = Math.max(OTHERS_AT_LEAST, demand.others * OTHERS_KEPT);
  }

  /** How long one took, from what was decided on to the answer of the store. */
  took(turnMs: number): void {
    const newest = Math.min(turnMs, LONGEST_TURN_MS);
    this.#turnMs += SHARE_OF_NEWEST * (newest - this.#turnMs);
  }

  #demandFor(stream: string): Demand {
    const known = this.#demands.get(stream);
    if (known) return known;
    const demand = { wonAtMs: -Infinity, turnsInARow: 0, metAtMs: -Infinity, others: OTHERS_AT_LEAST };
    this.#demands.set(stream, demand);
    return demand;
  }

  #hasRivals({ metAtMs }: Demand): boolean {
    return this.#elapsedMs() - metAtMs < RIVALRY_MS;
  }

  #isNear({ wonAtMs }: Demand): boolean {
    return this.#elapsedMs() - wonAtMs < NEAR_TURNS * this.#turnMs;
  }
}
