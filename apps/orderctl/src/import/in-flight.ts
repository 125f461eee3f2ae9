/**
 * Works on up to `limit` items at once, begun in the order in which they come. After the first failure no further
 * item is begun; the failure is thrown when the items under way have ended.
 */
export async function inFlight<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const source = iteratorOf(items);
  let failed = false;
  const worker = async () => {
    while (!failed) {
      try {
        const next = await source.next();
        if (next.done === true) return;
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: limit }, worker));
  const failure = ended.find((one) => one.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

function iteratorOf<T>(items: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}
