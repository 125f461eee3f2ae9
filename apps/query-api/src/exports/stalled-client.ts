import type { Readable, Writable } from 'node:stream';

const PIECE_BYTES = 64 * 1024;

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

/**
 * Destroys the body of an answer when nothing of it is taken for so long. What it holds is given back by its end alone, and
 * a client that reads no further may stay for ever.
 *
 * @returns a function to be called when a piece is taken
 */
export function endWhenStalled(body: Readable, response: Writable, limitMs: number): () => void {
  const stalled = () => body.destroy(new Error(`its client took nothing for ${limitMs / 1_000} s`));
  const limit = setTimeout(stalled, limitMs);
  const taken = () => void limit.refresh();
  // Of the last piece, only this tells.
  response.on('drain', taken);
  body.once('close', () => {
    clearTimeout(limit);
    response.off('drain', taken);
  });
  return taken;
}
