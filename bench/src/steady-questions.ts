import { randomUUID } from 'node:crypto';
import { decodeOrderPosition } from '#platform/order-position.js';
import { percentile, untilDue } from './measure.js';
import { searchBody } from './questions.js';
import { command, query, type Question, type System } from './system.js';
import { makeOrder } from './workload.js';

const QUESTIONS_PER_SECOND = 40;
/** One request in twenty is a new order, so that the read models always have events to catch up with. */
const WRITES_EVERY = 20;

/** The questions of one part of the run, and their results. */
export class Phase {
  readonly latenciesMs: number[] = [];
  readonly failures: string[] = [];
  /** Answers that were older than an answer completed before the question was asked. */
  readonly backwards: string[] = [];

  get p99Ms(): number {
    return percentile(this.latenciesMs, 0.99);
  }
}

interface Asked extends Pick<Question, 'body'> {
  readonly path: string;
}

/** Asks questions of all kinds, with some new orders among them, at a fixed rate until it is stopped. */
export class SteadyQuestions {
  readonly #system: System;
  readonly #orderIds: readonly string[];
  readonly #stop = new AbortController();
  readonly #open = new Set<Promise<void>>();
  #phase = new Phase();
  /**
   * Latest position seen, for rows and for search apart: search may be behind the rows, and no question carries a
   * token.
   */
  readonly #seen = { rows: -1n, search: -1n };
  readonly #running: Promise<void>;

  constructor(system: System, orderIds: readonly string[]) {
    this.#system = system;
    this.#orderIds = orderIds;
    this.#running = this.#run();
  }

  /** Begins a new phase: later questions count for it. */
  begin(): Phase {
    this.#phase = new Phase();
    return this.#phase;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await Promise.all(this.#open);
  }

  async #run(): Promise<void> {
    const startedMs = performance.now();
    for (let i = 0; !this.#stop.signal.aborted; i++) {
      await untilDue(startedMs, i, QUESTIONS_PER_SECOND);
      const phase = this.#phase;
      const one = (i % WRITES_EVERY === 0 ? this.#write(i) : this.#ask(phase, i)).catch(
        (error: Error) => void phase.failures.push(error.message),
      );
      this.#open.add(one);
      void one.finally(() => this.#open.delete(one));
    }
  }

  async #write(i: number): Promise<void> {
    await command(this.#system, '/v1/orders', randomUUID(), makeOrder(i));
  }

  async #ask(phase: Phase, i: number): Promise<void> {
    const { path, body } = this.#question(i);
    const answering = path.endsWith('/search') ? 'search' : 'rows';
    const seenBefore = this.#seen[answering];
    const fromMs = performance.now();
    const { position } = await query(this.#system, path, { body });
    phase.latenciesMs.push(performance.now() - fromMs);
    const token = decodeOrderPosition(position ?? '');
    if (token === null) return;
    if (token.position < seenBefore) phase.backwards.push(`${path}: ${token.position} after ${seenBefore}`);
    if (token.position > this.#seen[answering]) this.#seen[answering] = token.position;
  }

  #question(i: number): Asked {
    const orderId = this.#orderIds[(i * 31) % this.#orderIds.length]!;
    const questions: readonly Asked[] = [
      { path: `/v1/orders/${orderId}` },
      { path: '/v1/orders?limit=20' },
      { path: `/v1/orders/${orderId}/history` },
      { path: '/v1/orders?status=completed&limit=20&sort=-total' },
      { path: '/v1/orders/search', body: searchBody(i) },
    ];
    return questions[i % questions.length]!;
  }
}
