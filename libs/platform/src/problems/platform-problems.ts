import type { ProblemDefinition } from './problem-definition.js';

/** Errors of the request, its sender and the stores: everything that is not a rejection of the domain. */
export const platformProblems = {
  malformed_request: {
    status: 400,
    title: 'The address or a header of the request is not valid',
    help: 'Check the URL and the headers.',
  },
  malformed_json: {
    status: 400,
    title: 'The body cannot be read as JSON',
    help: 'Send one JSON object in UTF-8, in which no object has the key __proto__, and no constructor the key prototype.',
  },
  validation_failed: {
    status: 400,
    title: 'Some fields are not valid',
    help: 'See errors: each entry names a field and says what it must be.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor does not belong to this query',
    help: 'Send nextCursor of the previous page unchanged and with the same filters and sort, or start without a cursor.',
  },
  position_of_another_store: {
    status: 400,
    title: 'The position belongs to another event store',
    help: 'Since the answer with that position, the orders were moved to another event store or restored into one: read without Consistent-With, and the feed from its start, without after.',
  },
  idempotency_key_missing: {
    status: 400,
    title: 'The Idempotency-Key header is missing',
    help: 'Send a new unique key with every new command, and the same key when you send that command again.',
  },
  idempotency_key_invalid: {
    status: 400,
    title: 'The Idempotency-Key header is not valid',
    help: 'Use 1 to 255 printable ASCII characters, for example a UUID.',
  },
  unauthenticated: {
    status: 401,
    title: 'A valid access token is needed',
    help: 'Send Authorization: Bearer TOKEN with a token of the configured issuer.',
  },
  token_expired: {
    status: 401,
    title: 'The access token has expired',
    help: 'Get a new token and send the request again.',
  },
  forbidden: {
    status: 403,
    title: 'The access token does not allow this',
    help: 'Get a token with the scopes that WWW-Authenticate names.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address',
    help: 'Check the path: /docs lists all paths.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This address does not support this method',
    help: 'Use one of the methods in the Allow header.',
  },
  request_timeout: {
    status: 408,
    title: 'The request took too long to arrive',
    help: 'Send it again.',
  },
  conflict_retry_exhausted: {
    status: 409,
    title: 'Too many other commands are changing this order',
    help: 'This command changed nothing: send the request again in a moment.',
  },
  precondition_failed: {
    status: 412,
    title: 'The order is not at the revision that If-Match names',
    help: 'Read the order again, check what changed, and decide again.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is too large',
    help: 'Send less in one request; the limit is in the documentation.',
  },
  uri_too_long: {
    status: 414,
    title: 'The address is too long',
    help: 'Shorten the path and the query.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'The Content-Type of the body is not JSON, or the body has a Content-Encoding',
    help: 'Send Content-Type: application/json and no Content-Encoding.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'This Idempotency-Key was already used for another command',
    help: 'Use a new key for a new command.',
  },
  order_too_large: {
    status: 422,
    title: 'The events of the command do not fit into one append',
    help: 'Use fewer lines or shorter texts, or split the edit.',
  },
  precondition_required: {
    status: 428,
    title: 'The If-Match header is missing',
    help: 'Send If-Match with the ETag of the order that you saw.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    help: 'Send the request again after the number of seconds in Retry-After.',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers, or the address and the headers together, are too large',
    help: 'Send fewer or shorter headers, or a shorter address.',
  },
  internal_error: {
    status: 500,
    title: 'An unexpected error occurred in the service',
    help: 'Send the request again with the same Idempotency-Key. If the error persists, report its traceId.',
  },
  outcome_unknown: {
    status: 503,
    title: 'The event store did not confirm whether it stored the command',
    help: 'Send the same request again with the same Idempotency-Key after the number of seconds in Retry-After: it is done once, not twice. A request without a key is decided again.',
  },
  event_store_unavailable: {
    status: 503,
    title: 'The event store is unavailable',
    help: 'Send the request again after the number of seconds in Retry-After.',
  },
  read_models_unavailable: {
    status: 503,
    title: 'The read models are unavailable',
    help: 'Send the request again after the number of seconds in Retry-After.',
  },
  read_too_slow: {
    status: 503,
    title: 'The read took longer than a read may take',
    help: 'Ask for less, for example with from and to or other filters, or without facets: the same request soon takes as long again.',
  },
  search_unavailable: {
    status: 503,
    title: 'The search engine is unavailable',
    help: 'Send the request again after the number of seconds in Retry-After. Everything except search still works.',
  },
  not_caught_up: {
    status: 503,
    title: 'The read models have not reached the requested position or revision yet',
    help: 'Send the request again after the number of seconds in Retry-After.',
  },
  order_unreadable: {
    status: 503,
    title: 'The events of this order cannot be read by this release',
    help: 'Nothing was changed. An event may come from a newer release, or the events may have been deleted: an operator has to look into it.',
  },
  order_parked: {
    status: 503,
    title: 'An event of this order is parked: it could not be applied to the read models',
    help: 'Read without Consistent-With and minRevision to see the order as it was before that event, marked with stale: true. There is no such state where it is the first event (parkedRevision is 0). An operator has to look into it.',
  },
  token_keys_unavailable: {
    status: 503,
    title: 'The keys of the token issuer cannot be read',
    help: 'Send the request again after the number of seconds in Retry-After.',
  },
  // Answered by docker/gateway, in front of the apps.
  service_unavailable: {
    status: 503,
    title: 'The service behind the gateway is unavailable or did not answer',
    help: 'Send the request again with the same Idempotency-Key after the number of seconds in Retry-After: it is done once, not twice.',
  },
  shutting_down: {
    status: 503,
    title: 'This instance is stopping',
    help: 'Send the request again after the number of seconds in Retry-After.',
  },
} as const satisfies Readonly<Record<string, ProblemDefinition>>;

export type PlatformCode = keyof typeof platformProblems;
