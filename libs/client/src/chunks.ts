import { TryTooLong, within } from './waiting.js';

/**
 * The chunks of a body. The wait for each is limited; the time that their reader takes is not.
 *
 * @throws TryTooLong when a chunk does not come in time; what the body throws; the signal's reason, as soon as given
 */
export async function* chunksOf(
  body: AsyncIterable<Uint8Array>,
  limitMs: number,
  signal: AbortSignal | null,
): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    signal?.throwIfAborted(); // before a chunk is asked for, whose failure nobody would wait for
    const next = await within(limitMs, chunks.next(), signal);
    if (next === null) throw new TryTooLong();
    if (next.done) return;
    let readsOn = false;
    try {
      yield next.value;
      readsOn = true;
    } finally {
      // Not where a wait was given up: a body that is asked for a chunk ends only after that has come.
      if (!readsOn) await chunks.return?.();
    }
  }
}
