/**
 * The same texts. Calls `onStalled` when one of them is not taken in time; the time in which the next one is made does
 * not count.
 */
export async function* takenInTime(
  texts: AsyncIterable<string>,
  limitMs: number,
  onStalled: () => void,
): AsyncGenerator<string, void> {
  for await (const text of texts) {
    const limit = setTimeout(onStalled, limitMs);
    try {
      yield text;
    } finally {
      clearTimeout(limit);
    }
  }
}
