import { randomBytes } from 'node:crypto';

const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Which trace a request belongs to (W3C Trace Context): the caller's, or a new one. */
export interface Trace {
  /** 32 hex digits. */
  readonly traceId: string;
  readonly traceparent: string;
}

/** @param header the request's `traceparent`; anything that is none starts a new trace */
export function traceOf(header: string | readonly string[] | undefined): Trace {
  const match = typeof header === 'string' ? TRACEPARENT.exec(header) : null;
  if (match) return { traceId: match[1]!, traceparent: match[0] };
  const bytes = randomBytes(24).toString('hex');
  const traceId = bytes.slice(0, 32);
  return { traceId, traceparent: `00-${traceId}-${bytes.slice(32)}-00` };
}
