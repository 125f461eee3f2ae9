import { StoreUnavailable } from '#event-store/errors.js';
import type { EventStore } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX } from '#event-store/streams.js';
import { EventBuffer, type EventBatch, type BufferLimits } from './event-buffer.js';
import { watch, type Heard } from './subscription-watchdog.js';

export interface BatchedSubscriptionOptions {
  readonly eventStore: Pick<EventStore, 'subscribeToAll' | 'headPosition'>;
  /** null: from the first event on. */
  readonly after: bigint | null;
  readonly limits: BufferLimits;
  readonly signal: AbortSignal;
  /** How long the subscription may be silent before the watchdog looks for events that it should have delivered. */
  readonly silenceMs?: number;
  /** Called when the subscription has caught up: buffered events need not wait for more. */
  readonly onCaughtUp: () => void;
}

const SILENCE_MS = 5_000;
/** A checkpoint with no event before it is passed on at most this late. */
const IDLE_CHECKPOINT_INTERVAL_MS = 250;

/**
 * Every order event after a position, in batches bounded in events, bytes and time. A slow reader slows the
 * subscription to the store. When that one ends, fails or falls silent, `next` throws the reason.
 */
export class BatchedSubscription {
  readonly #buffer: EventBuffer;
  readonly #stop = new AbortController();
  readonly #filled: Promise<unknown>;
  readonly #heard: Heard;
  #caughtUpAt: bigint | null = null;

  constructor(options: BatchedSubscriptionOptions) {
    this.#buffer = new EventBuffer(options.limits);
    this.#heard = { position: options.after, messages: 0, awaited: true };
    const signal = AbortSignal.any([options.signal, this.#stop.signal]);
    signal.addEventListener('abort', () => this.end(signal.reason), { once: true });
    if (signal.aborted) this.end(signal.reason);
    this.#filled = Promise.all([this.#fill(options, signal), this.#watch(options, signal)]);
  }

  /** Delivered, not yet taken. */
  get size(): number {
    return this.#buffer.size;
  }

  /** Whether the position is at or past where the subscription last caught up; true once for each time it did. */
  hasCaughtUp(position: bigint | null): boolean {
    if (this.#caughtUpAt === null || (position ?? -1n) < this.#caughtUpAt) return false;
    this.#caughtUpAt = null;
    return true;
  }

  /** Buffered events need not wait for a whole batch. */
  hurry(): void {
    this.#buffer.hurry();
  }

  /**
   * @param gatherMs how long to wait for a whole batch, asked once the buffer is not empty
   * @throws why it ended
   */
  async next(gatherMs: () => number): Promise<EventBatch> {
    await this.#buffer.some();
    await this.#buffer.event(IDLE_CHECKPOINT_INTERVAL_MS);
    await this.#buffer.wholeBatch(gatherMs());
    return this.#buffer.take();
  }

  /** Ends it: `next` throws this from now on, and nothing more is read. */
  end(why: unknown): void {
    this.#buffer.end(why);
    this.#stop.abort();
  }

  async close(): Promise<void> {
    this.end(new StoreUnavailable('the subscription was ended'));
    await this.#filled;
  }

  async #fill(
    { eventStore, after, onCaughtUp }: BatchedSubscriptionOptions,
    signal: AbortSignal,
  ): Promise<void> {
    const heard = this.#heard;
    let last = after ?? -1n;
    try {
      const messages = eventStore.subscribeToAll({ after, streamPrefix: ORDER_STREAM_PREFIX, signal });
      for await (const message of messages) {
        if (message.kind === 'caught_up') {
          this.#caughtUpAt = last;
          onCaughtUp();
          continue;
        }
        heard.messages += 1;
        // The watchdog has passed this position over already.
        if (message.kind === 'checkpoint' && message.position <= (heard.position ?? -1n)) continue;
        last = message.kind === 'event' ? message.event.position : message.position;
        heard.position = last;
        heard.awaited = false;
        await this.#buffer.put(message);
        heard.awaited = true;
      }
      this.end(new StoreUnavailable('the subscription ended'));
    } catch (error) {
      this.end(error);
    }
  }

  async #watch(
    { eventStore, silenceMs = SILENCE_MS }: BatchedSubscriptionOptions,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const onNothing = (heardLast: bigint | null, upTo: bigint) => this.#passOver(heardLast, upTo);
      await watch({ eventStore, heard: this.#heard, silenceMs, signal, onNothing });
    } catch (error) {
      this.end(error);
    }
  }

  /**
   * The log holds no order event up to there: mostly snapshots. The server sends a checkpoint only after many of them.
   */
  #passOver(heardLast: bigint | null, upTo: bigint): void {
    const heard = this.#heard;
    if (heard.position !== heardLast || !heard.awaited) return;
    heard.position = upTo;
    void this.#buffer.put({ kind: 'checkpoint', position: upTo });
  }
}
