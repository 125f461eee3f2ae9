import { describedStream, isMetastream } from '../rules/stream-state.js';
import type { StoredEvent } from '../storage/stored-event.js';

/** Tells one subscription that there may be something new. Raising it twice before a wait counts once. */
export class Signal {
  #raised = false;
  #resolve: (() => void) | null = null;

  raise(): void {
    if (this.#resolve) {
      this.#resolve();
      this.#resolve = null;
    } else this.#raised = true;
  }

  async wait(): Promise<void> {
    if (this.#raised) {
      this.#raised = false;
      return;
    }
    await new Promise<void>((resolve) => (this.#resolve = resolve));
  }
}

/** The signals of all subscriptions. There is no polling: each commit raises the signals that it concerns. */
export class LiveSignals {
  readonly #ofAll = new Set<Signal>();
  readonly #ofStream = new Map<string, Set<Signal>>();

  /** How many signals there are, of `$all` and of streams together. */
  get size(): number {
    let size = this.#ofAll.size;
    for (const signals of this.#ofStream.values()) size += signals.size;
    return size;
  }

  /** @param stream null: `$all` */
  add(stream: string | null): Signal {
    const signal = new Signal();
    if (stream === null) this.#ofAll.add(signal);
    else {
      const signals = this.#ofStream.get(stream) ?? new Set();
      this.#ofStream.set(stream, signals.add(signal));
    }
    return signal;
  }

  remove(stream: string | null, signal: Signal): void {
    if (stream === null) this.#ofAll.delete(signal);
    else {
      const signals = this.#ofStream.get(stream);
      signals?.delete(signal);
      if (signals?.size === 0) this.#ofStream.delete(stream);
    }
    signal.raise();
  }

  committed(events: readonly StoredEvent[]): void {
    for (const signal of this.#ofAll) signal.raise();
    if (this.#ofStream.size === 0) return;
    for (const { stream } of events) {
      this.#raise(stream);
      // New metadata may make deleted events visible again.
      if (isMetastream(stream)) this.#raise(describedStream(stream));
    }
  }

  #raise(stream: string): void {
    for (const signal of this.#ofStream.get(stream) ?? []) signal.raise();
  }

  /** After an outage, events may have been stored without a signal: every subscription looks. */
  raiseAll(): void {
    for (const signal of this.#ofAll) signal.raise();
    for (const signals of this.#ofStream.values()) for (const signal of signals) signal.raise();
  }
}
