import { randomBytes } from 'node:crypto';

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Which trace a request belongs to (W3C Trace Context): the caller's, or a new one. It is the request's
 * id, so `request.id` goes as `traceparent` into the metadata of the events it causes.
 */
export function traceparentOf(header: string | readonly string[] | undefined): string {
  if (typeof header === 'string' && TRACEPARENT.test(header)) return header;
  const random = randomHex();
  return `00-${random.slice(0, 32)}-${random.slice(32)}-00`;
}

const ID_BYTES = 24;
const POOL_BYTES = ID_BYTES * 256;
let pool = Buffer.alloc(0);
let used = 0;

// Asking the system for randomness takes as long as the rest of a small request, so it is asked once for many ids.
function randomHex(): string {
  if (used === pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  return pool.toString('hex', used, (used += ID_BYTES));
}

/** The 32 hex digits of the trace, as problems and logs name it. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
