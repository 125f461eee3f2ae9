/** The values of a stream of JSON lines (NDJSON). */
export async function* jsonLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line) as unknown;
  }
  // Every line ends with a newline: a line without one was cut off.
  if (rest !== '') throw new Error('the stream ended in the middle of a line');
}
