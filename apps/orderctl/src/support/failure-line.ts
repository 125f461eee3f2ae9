import { NoAnswer, Problem } from '#client/orderlog-client.js';
import { isNotTrusted } from '#client/transport.js';
import { describeStartFailure } from '#platform/lifecycle.js';
import { printable } from './output.js';

/** What went wrong and what to do about it, in one line. */
export function failureLine(error: unknown): string {
  const line = printable(describeStartFailure(error));
  if (error instanceof NoAnswer && isNotTrusted(error.cause))
    return `${line}: its certificate is not one that Node trusts (NODE_EXTRA_CA_CERTS names further authorities)`;
  if (error instanceof NoAnswer) return `${line}: is it running?`;
  if (!(error instanceof Problem)) return line;
  if (error.status < 300)
    return `${line}: this is no answer of orderlog: check the address, and any proxy before it`;
  if (error.status === 401) return `${line} Give a valid token with --token.`;
  if (error.status === 403) return `${line} Give a token that has the scopes for it with --token.`;
  return line;
}
