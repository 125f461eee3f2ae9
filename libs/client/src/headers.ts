import type { CallOptions } from './options.js';

/** The headers that the client sends by itself, and what to do instead of giving one. */
const OWN_HEADERS: Readonly<Record<string, string>> = {
  authorization: 'give the client the token',
  'consistent-with': 'give its session the position',
  'content-type': 'bodies are JSON',
  'idempotency-key': 'use the option key',
};

/**
 * The headers of a request, but for its token. Names are in lower case: `fetch` joins the values of names that differ in
 * case alone, and a joined key is new in each call.
 *
 * @throws TypeError when the caller gives a header that the client sends by itself, or what no header can hold
 */
export function headersOf(
  { ifMatch, headers }: CallOptions,
  { body, key, position }: { body: string | null; key: string | null; position: string | null },
): Record<string, string> {
  const given = Object.fromEntries(new Headers(headers));
  for (const [name, instead] of Object.entries(OWN_HEADERS)) {
    if (name in given) throw new TypeError(`the client sends the header ${name} by itself: ${instead}`);
  }
  if (ifMatch !== undefined && 'if-match' in given)
    throw new TypeError('if-match is given twice: as a header and as the option ifMatch');
  const all = {
    ...given,
    ...(body === null ? {} : { 'content-type': 'application/json' }),
    ...(key === null ? {} : { 'idempotency-key': key }),
    ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
    ...(position === null ? {} : { 'consistent-with': position }),
  };
  // Checked before anything is sent: any error after that leaves the outcome unknown.
  return Object.fromEntries(new Headers(all));
}
