import type { RawEvent, SubscriptionMessage } from '#event-store/port.js';

export interface EventBatch {
  readonly events: readonly RawEvent[];
  /** All events up to here are in this batch or were in earlier ones. */
  readonly position: bigint;
}

export interface BufferLimits {
  /** Of one batch. A sender waits while the buffer holds two batches. */
  readonly maxEvents: number;
  readonly maxBytes: number;
}

interface Item {
  /** null: no event, only a checkpoint: everything up to the position was seen. */
  readonly event: RawEvent | null;
  readonly position: bigint;
  readonly bytes: number;
}

/** Events between a subscription and the writer that takes them. Bounded: a slow end slows the other. */
export class EventBuffer {
  readonly #limits: BufferLimits;
  #items: Item[] = [];
  #bytes = 0;
  #ended: { readonly error: unknown } | null = null;
  #waiting: { readonly for: () => boolean; readonly wake: () => void } | null = null;
  #hurried = false;
  #drained: (() => void) | null = null;

  constructor(limits: BufferLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#items.length;
  }

  /**
   * Resolves at once while there is room, else when there is room again or the buffer has ended. One that has ended
   * keeps nothing more: nobody takes it.
   */
  async put(message: Exclude<SubscriptionMessage, { kind: 'caught_up' }>): Promise<void> {
    if (this.#ended) return;
    const item =
      message.kind === 'event'
        ? { event: message.event, position: message.event.position, bytes: sizeOf(message.event) }
        : { event: null, position: message.position, bytes: 0 };
    const last = this.#items.at(-1);
    if (item.event === null && last?.event === null) this.#items[this.#items.length - 1] = item;
    else this.#items.push(item);
    this.#bytes += item.bytes;
    this.#wakeIfThere();
    if (this.#holds(2)) await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  /** No more events will come: a reader that waits, now or later, gets this error. */
  end(error: unknown): void {
    this.#ended ??= { error };
    this.#waiting?.wake();
    this.#drained?.();
  }

  /** No more events are expected soon: those buffered need not wait for a whole batch. */
  hurry(): void {
    this.#hurried = true;
    this.#wakeIfThere();
  }

  /** Resolves when the buffer is not empty. @throws what the buffer was ended with */
  async some(): Promise<void> {
    await this.#until(() => this.#items.length > 0, null);
  }

  /** Resolves when an event is there, not only a checkpoint, or after the timeout. @throws as `some` */
  async event(timeoutMs: number): Promise<void> {
    await this.#until(() => this.#items.some(({ event }) => event !== null), timeoutMs);
  }

  /** Resolves when a whole batch is there, or after the timeout. @throws what the buffer was ended with */
  async wholeBatch(timeoutMs: number): Promise<void> {
    await this.#until(() => this.#hurried || this.#holds(1), timeoutMs);
  }

  /** Takes what is buffered, up to the limits of a batch. The buffer must not be empty. */
  take(): EventBatch {
    let bytes = 0;
    let count = 0;
    for (const item of this.#items) {
      if (count === this.#limits.maxEvents || (count > 0 && bytes + item.bytes > this.#limits.maxBytes))
        break;
      bytes += item.bytes;
      count += 1;
    }
    const taken = this.#items.slice(0, count);
    this.#items = this.#items.slice(count);
    this.#bytes -= bytes;
    if (this.#items.length === 0) this.#hurried = false;
    if (!this.#holds(2)) this.#drained?.();
    const events = taken.map(({ event }) => event).filter((event) => event !== null);
    return { events, position: taken.at(-1)!.position };
  }

  #holds(batches: number): boolean {
    const { maxEvents, maxBytes } = this.#limits;
    return this.#items.length >= batches * maxEvents || this.#bytes >= batches * maxBytes;
  }

  async #until(condition: () => boolean, timeoutMs: number | null): Promise<void> {
    this.#throwIfEnded();
    if (condition() || timeoutMs === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      // Only a condition that holds wakes the reader: waking for every event would cost more than handling the events.
      this.#waiting = { for: condition, wake: resolve };
      if (timeoutMs !== null) timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
    this.#waiting = null;
    this.#throwIfEnded();
  }

  #wakeIfThere(): void {
    if (this.#waiting?.for()) this.#waiting.wake();
  }

  #throwIfEnded(): void {
    if (this.#ended) throw this.#ended.error;
  }
}

/** What an event takes in memory besides its content, about. */
const BYTES_PER_EVENT = 250;

/** Near enough to bound memory: what is parsed and what is written are about proportional to the stored bytes. */
function sizeOf({ sizeBytes }: RawEvent): number {
  return BYTES_PER_EVENT + sizeBytes;
}
