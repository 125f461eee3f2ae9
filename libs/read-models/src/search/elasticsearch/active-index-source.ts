import { SearchUnavailable } from '../search-unavailable.js';
import { isIndexMissing } from './requests.js';

/** Knows the index of the active generation without asking on every request. */
export interface ActiveIndexSource {
  /** @throws NoActiveGeneration */
  current(): Promise<string>;
  /** Asks anew: the index that was current is gone. @throws NoActiveGeneration */
  refreshed(): Promise<string>;
}

/**
 * Asks the index that is active; once more where it was dropped after a flip.
 *
 * @throws SearchUnavailable when the index that is active by then is missing too
 */
export async function askActive<T>(
  indexes: ActiveIndexSource,
  ask: (index: string) => Promise<T>,
): Promise<T> {
  const index = await indexes.current();
  try {
    return await ask(index);
  } catch (error) {
    if (!isIndexMissing(error)) throw error;
    return askElsewhere(await indexes.refreshed(), ask, error);
  }
}

async function askElsewhere<T>(
  index: string,
  ask: (index: string) => Promise<T>,
  cause: unknown,
): Promise<T> {
  try {
    return await ask(index);
  } catch (error) {
    throw isIndexMissing(error) ? new SearchUnavailable(cause) : error;
  }
}
