import { StreamNotFoundError } from '@eventstore/db-client';
import { StoreSilent } from './errors.js';

/** A read or subscription of the client: a transform that its gRPC call is piped into. */
interface Streaming<T> {
  readonly stream: AsyncIterable<T> & {
    on(event: 'error', listener: () => void): unknown;
    destroy(error: Error): unknown;
  };
  /** Ends the call; destroying the stream alone would leave it running. */
  readonly cancel: () => Promise<void>;
}

interface Watching {
  /** Longest wait for the next item; null: as long as it takes. */
  readonly timeoutMs: number | null;
  /** How many items there are at most. */
  readonly maxItems?: number;
}

/** How soon a server that has said its last word ends the call, by far. */
const ENDING_MS = 1_000;

/**
 * What a call of the client streams, one item at a time, so that a slow reader slows the server down.
 * Waiting too long for the next item is StoreSilent. The call is ended however the reading ends, and cancelled only
 * where the server does not end it: a server that is sent too many cancellations (RST_STREAM) closes the connection,
 * with every other call on it (CVE-2023-44487). So the last of `maxItems` is handed on when the call has ended.
 */
export async function* watched<T extends object>(
  { stream, cancel }: Streaming<T>,
  { timeoutMs, maxItems = Infinity }: Watching,
): AsyncGenerator<T, void, undefined> {
  // The client emits errors by hand, also once nobody iterates any more, where they would be uncaught.
  // While somebody does, the iteration throws them.
  stream.on('error', ignoreWhenOver);
  const watch = timeoutMs === null ? null : new Watch(stream, timeoutMs);
  let isEnded = false;
  let isEnding = false;
  try {
    let count = 0;
    let last: T | null = null;
    watch?.wait();
    for await (const item of stream) {
      watch?.rest();
      count += 1;
      if (count === maxItems) last = item;
      else yield item;
      watch?.wait();
    }
    isEnded = true;
    watch?.end();
    if (last !== null) yield last;
  } catch (error) {
    isEnding = error instanceof StreamNotFoundError; // the client throws it while the call still ends
    throw error;
  } finally {
    watch?.end();
    if (isEnding) setTimeout(() => void cancel(), ENDING_MS).unref();
    else if (!isEnded) await cancel();
  }
}

function ignoreWhenOver(): void {
  // See above: the iteration has its own listener.
}

/** One timer for a whole read: a timer for each event would cost more than the event. */
class Watch {
  readonly #timer: NodeJS.Timeout;
  #waitingSinceMs: number | null = null;

  constructor(stream: Streaming<unknown>['stream'], timeoutMs: number) {
    this.#timer = setInterval(() => {
      if (this.#waitingSinceMs === null || performance.now() - this.#waitingSinceMs < timeoutMs) return;
      this.end();
      stream.destroy(new StoreSilent(`the event store sent nothing for ${timeoutMs} ms`));
    }, timeoutMs / 4);
  }

  wait(): void {
    this.#waitingSinceMs = performance.now();
  }

  rest(): void {
    this.#waitingSinceMs = null;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
