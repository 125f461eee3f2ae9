import { setTimeout } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { OrderQueue } from './order-queues.js';

/**
 * How many turns to leave to rivals after one of ours: as many as there seem to be rivals, within these bounds.
 */
const OTHERS_AT_LEAST = 2;
const OTHERS_AT_MOST = 32;
/** Each append of ours multiplies the estimated number of rivals by this. Each race lost adds one. */
const OTHERS_KEPT = 0.7;
/** The wait varies at random by up to this share, so that processes do not all wait equally long. */
const SPREAD = 0.25;
/** For this long after rivals were last met, they are assumed to still want the order. */
const RIVALRY_MS = 1_000;
/** A change by others, within this many turn times of our last append, shows rivals. */
const NEAR_TURNS = 8;
/**
 * After this many turns in a row, each near the one before, we leave `TURNS_LEFT_THEN` turns: a process that lost
 * every race cannot tell us that it is there.
 */
const TURNS_IN_A_ROW = 16;
const TURNS_LEFT_THEN = 2;
/** Demand is remembered for this many orders. */
const MOST_ORDERS = 10_000;

const FIRST_GUESS_MS = 2;
const LONGEST_TURN_MS = 20;
/** Weight of the newest turn in the average turn time. */
const SHARE_OF_NEWEST = 0.2;

/** What this process knows of the demand for one order. */
interface Demand {
  /** When our last append was stored. */
  wonAtMs: number;
  lostAtMs: number;
  /** Our turns since others last had a chance, each near the one before. */
  turnsInARow: number;
  metAtMs: number;
  others: number;
}

export interface TurnsOptions {
  readonly elapsedMs: () => number;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
  /** Waits by the same clock. The default is a timer of the machine. */
  readonly wait?: (ms: number) => Promise<unknown>;
}

/**
 * Lets processes that want the same order take turns without knowing each other. Each process sees only whether
 * its own append came first. The winner could decide again at once, while the losers still have to read what it
 * appended: it would win again and again. So a process that had a turn leaves the others time for theirs. Commands
 * that arrive meanwhile share its next append. A loser does not back off for longer each time, as is usual with
 * scarce resources: some process wins every race, and it should be the one that has lost most often.
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
    // The known state is probably outdated, so that an append on it would conflict.
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

  /** Another process appended first, although this one had just read the order. */
  lost({ stream }: OrderQueue): void {
    const demand = this.#demandFor(stream);
    demand.lostAtMs = this.#elapsedMs();
    demand.metAtMs = demand.lostAtMs;
    demand.others = Math.min(OTHERS_AT_MOST, demand.others + 1);
  }

  /** Others have changed the order since this process last saw it. */
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

  /** Whether rivals alone were served since then: a race was lost to them, and no append of ours was stored. */
  hasOnlyLostSince({ stream }: OrderQueue, sinceMs: number): boolean {
    const demand = this.#demands.get(stream);
    return demand !== undefined && demand.wonAtMs < sinceMs && demand.lostAtMs >= sinceMs;
  }

  /** Records how long a turn took, from reading what is decided on to the store's answer. */
  took(turnMs: number): void {
    const newest = Math.min(turnMs, LONGEST_TURN_MS);
    this.#turnMs += SHARE_OF_NEWEST * (newest - this.#turnMs);
  }

  #demandFor(stream: string): Demand {
    const known = this.#demands.get(stream);
    if (known) return known;
    const demand = {
      wonAtMs: -Infinity,
      lostAtMs: -Infinity,
      turnsInARow: 0,
      metAtMs: -Infinity,
      others: OTHERS_AT_LEAST,
    };
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
