import { constants } from 'node:buffer';
import type { Client, estypes } from '@elastic/elasticsearch';
import { SearchUnavailable } from '../search-unavailable.js';
import { isClientError } from './client-errors.js';

/** Limits of one request that a reader waits for. One more try where the connection broke. */
export const readerPatience = {
  requestTimeout: 3_000,
  maxRetries: 1,
  retryBackoff: () => 0.05, // seconds
} as const;

/** The answer has more bytes than were asked for; no more of it was read. */
export class AnswerTooLarge extends Error {}

/** Time limit on the server: an answer that is not whole by then is refused. */
const SERVER_TIMEOUT = '2500ms';

/**
 * One search, answered whole or not at all.
 *
 * @param maxBytes of the answer
 * @throws AnswerTooLarge
 */
export async function askIndex<T>(
  client: Client,
  request: estypes.SearchRequest,
  maxBytes: number = constants.MAX_STRING_LENGTH,
): Promise<estypes.SearchResponse<T>> {
  const whole = { timeout: SERVER_TIMEOUT, allow_partial_search_results: false };
  const limits = { ...readerPatience, maxResponseSize: maxBytes };
  const answer = await client.search<T>({ ...request, ...whole }, limits).catch((error: unknown) => {
    // Nothing else aborts these requests.
    throw isClientError(error, 'RequestAbortedError') ? new AnswerTooLarge(error.message) : error;
  });
  if (answer.timed_out) throw new SearchUnavailable(new Error('the search took too long'));
  return answer;
}

const AWAY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * @throws SearchUnavailable in place of an error that says that the engine is away, slow, overloaded, or refuses to
 * answer whatever is asked; not where the request itself is wrong, or its index is missing
 */
export async function available<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw isElasticsearchAway(error) || refusesAnything(error) ? new SearchUnavailable(error) : error;
  }
}

/** Wrong credentials, a closed index, or an answer of something else, such as a proxy's page. */
function refusesAnything(error: unknown): boolean {
  if (isClientError(error, 'ResponseError'))
    return typeOf(error) === 'index_closed_exception' || (error.statusCode !== 400 && !isIndexMissing(error));
  return isClientError(error, 'DeserializationError', 'ProductNotSupportedError');
}

/** Whether Elasticsearch is away or overloaded for the moment, rather than the request wrong. */
export function isElasticsearchAway(error: unknown): boolean {
  if (isClientError(error, 'ResponseError')) return AWAY.has(error.statusCode ?? 0);
  return isClientError(error, 'ConnectionError', 'TimeoutError', 'NoLivingConnectionsError');
}

/** Whether there is no index of that name, such as one that was dropped after a flip. */
export function isIndexMissing(error: unknown): boolean {
  return error instanceof IndexMissing || typeOf(error) === INDEX_MISSING;
}

/** What Elasticsearch calls it; an answer about several documents has it for each of them. */
export const INDEX_MISSING = 'index_not_found_exception';

/** There is no such index, as an answer that is no error told. */
export class IndexMissing extends Error {}

/** The type that Elasticsearch gives an error, such as `resource_already_exists_exception`; null: not its own. */
export function typeOf(error: unknown): string | null {
  if (!isClientError(error, 'ResponseError')) return null;
  const body = error.body as { error?: { type?: string } } | null;
  return body?.error?.type ?? null;
}
