import { Readable, type Writable } from 'node:stream';

const PIECE_BYTES = 64 * 1024;
/** An export of which its client takes nothing for so long is ended. */
export const EXPORT_STALLED_AFTER_MS = 60_000;

/**
 * The body of an answer that is made of these texts. It is destroyed when the client takes nothing of it for so long: what
 * it holds is given back by its end alone, and a client that reads no further may stay for ever.
 *
 * @param response that it is sent to
 */
export function bodyOf(texts: AsyncIterable<string>, response: Writable, limitMs: number): Readable {
  const stalled = () => body.destroy(new Error(`its client took nothing for ${limitMs / 1_000} s`));
  const limit = setTimeout(stalled, limitMs);
  const taken = () => void limit.refresh();
  const pieces = piecesOf(texts, taken);
  const body = Readable.from(pieces, { objectMode: false, highWaterMark: 1 });
  // Of the last piece, only this tells.
  response.on('drain', taken);
  body.once('close', () => {
    clearTimeout(limit);
    response.off('drain', taken);
  });
  return body;
}

/** The texts in pieces, each of which a slow client takes soon. @param onPiece called when the next one is asked for */
export async function* piecesOf(
  texts: AsyncIterable<string>,
  onPiece: () => void,
): AsyncGenerator<Buffer, void> {
  for await (const text of texts) {
    const bytes = Buffer.from(text);
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      onPiece();
      yield bytes.subarray(from, from + PIECE_BYTES);
    }
  }
}
