/**
 * Orders whose streams are read at one time: few, so that other requests to the event store do not wait behind them.
 */
const AT_ONCE = 4;

/** Does the work for each, for a few at a time. */
export async function forEachOf<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async () => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
