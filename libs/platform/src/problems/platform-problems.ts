import type { ProblemDefinition } from './problem-definition.js';

/** Errors of the request, its sender and the stores: everything that is not a rejection of the domain. */
export const platformProblems = {
  malformed_request: {
    status: 400,
    title: 'The request is not valid HTTP',
    help: 'Check the URL and the headers.',
  },
  malformed_json: {
    status: 400,
    title: 'The body is not valid JSON',
    help: 'Send one JSON object in UTF-8, without __proto__ or constructor keys.',
  },
  validation_failed: {
    status: 400,
    title: 'Some fields are not valid',
    help: 'See errors: each names a field and what it must be.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor is not one of ours',
    help: 'Use the cursor of the previous page as it came, with the same filters, or begin without one.',
  },
  position_of_another_store: {
    status: 400,
    title: 'The position asked for is not of the event store that is read here',
    help: 'The orders were moved to another event store, or restored, since that answer: read without Consistent-With.',
  },
  idempotency_key_missing: {
    status: 400,
    title: 'The Idempotency-Key header is missing',
    help: 'Send a new unique key with every new command, and the same key when you send that one again.',
  },
  idempotency_key_invalid: {
    status: 400,
    title: 'The Idempotency-Key header is not valid',
    help: 'Use 1 to 255 printable ASCII characters, a UUID for instance.',
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
    help: 'Ask for a token with the scopes named in WWW-Authenticate.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address',
    help: 'Check the path; /docs lists every one.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This address does not take this method',
    help: 'Use one of the methods in the Allow header.',
  },
  request_timeout: {
    status: 408,
    title: 'The request took too long to arrive',
    help: 'Send it again.',
  },
  conflict_retry_exhausted: {
    status: 409,
    title: 'Too many others are changing this order',
    help: 'Nothing was changed; send the request again in a moment.',
  },
  precondition_failed: {
    status: 412,
    title: 'The order is at another revision than If-Match says',
    help: 'Read the order again, look at what changed, and decide anew.',
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
    title: 'The body has another type than JSON',
    help: 'Send Content-Type: application/json.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'This Idempotency-Key was used for another command',
    help: 'Use a new key for a new command.',
  },
  order_too_large: {
    status: 422,
    title: 'The command does not fit into one append',
    help: 'Use fewer or shorter lines, or split the edit.',
  },
  precondition_required: {
    status: 428,
    title: 'The If-Match header is missing',
    help: 'Send If-Match with the ETag of the order that you saw.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many requests',
    help: 'Wait for the seconds in Retry-After.',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    help: 'Send fewer or shorter headers.',
  },
  internal_error: {
    status: 500,
    title: 'Something broke on our side',
    help: 'Send the request again with the same Idempotency-Key; if it stays, tell us the traceId.',
  },
  outcome_unknown: {
    status: 503,
    title: 'The event store did not say whether it took the command',
    help: 'Send the same request again, with the same Idempotency-Key, after the seconds in Retry-After: it is done once, not twice. One without a key is decided anew.',
  },
  event_store_unavailable: {
    status: 503,
    title: 'The event store is away',
    help: 'Send the request again after the seconds in Retry-After.',
  },
  read_models_unavailable: {
    status: 503,
    title: 'The read models are away',
    help: 'Send the request again after the seconds in Retry-After.',
  },
  search_unavailable: {
    status: 503,
    title: 'The search engine is away',
    help: 'Send the request again after the seconds in Retry-After; everything but search still works.',
  },
  not_caught_up: {
    status: 503,
    title: 'The read models have not reached the position asked for',
    help: 'Send the request again after the seconds in Retry-After.',
  },
  order_unreadable: {
    status: 503,
    title: 'An event of this order cannot be read by this release',
    help: 'Nothing was changed. A newer release may have appended the event: an operator has to look.',
  },
  order_parked: {
    status: 503,
    title: 'An event of this order could not be applied to the read models yet',
    help: 'Read without Consistent-With or minRevision to see the state before it, with stale: true; an operator has to look.',
  },
  token_keys_unavailable: {
    status: 503,
    title: 'The keys of the token issuer cannot be read',
    help: 'Send the request again after the seconds in Retry-After.',
  },
  // Answered by docker/gateway, in front of the apps.
  service_unavailable: {
    status: 503,
    title: 'The service behind the gateway is away or did not answer',
    help: 'Send the request again with the same Idempotency-Key after the seconds in Retry-After: it is done once, not twice.',
  },
  shutting_down: {
    status: 503,
    title: 'This instance is stopping',
    help: 'Send the request again after the seconds in Retry-After.',
  },
} as const satisfies Readonly<Record<string, ProblemDefinition>>;

export type PlatformCode = keyof typeof platformProblems;
