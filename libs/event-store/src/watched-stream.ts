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

/**
 * What a call of the client streams, one item at a time, so that a slow reader slows the server down.
 * Waiting for the next item longer than `timeoutMs` (null: as long as it takes) is StoreSilent. The
 * call is ended however the reading ends.
 */
export async function* watched<T>(
  { stream, cancel }: Streaming<T>,
  timeoutMs: number | null,
): AsyncGenerator<T, void, undefined> {
  // The client emits errors by hand, also once nobody iterates any more, where they would be uncaught.
  // While somebody does, the iteration throws them.
  stream.on('error', ignoreWhenOver);
  const watch = timeoutMs === null ? null : new Watch(stream, timeoutMs);
  let complete = false;
  try {
    watch?.wait();
    for await (const item of stream) {
      watch?.rest();
      yield item;
      watch?.wait();
    }
    complete = true;
  } finally {
    watch?.end();
    if (!complete) await cancel();
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
