import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import { InvalidRequest } from './append-requests.js';

export type EventFilter = (event: { readonly stream: string; readonly type: string }) => boolean;

/** What a filtered read of `$all` lets through: stream names or event types, by prefix or regular expression. */
export function filterFrom(options: ReadReq.Options.FilterOptions): EventFilter {
  const byStream = options.getStreamIdentifier();
  if (byStream) {
    const matches = matcher(byStream);
    return (event) => matches(event.stream);
  }
  const byType = options.getEventType();
  if (!byType) throw new InvalidRequest('a filter must be on stream names or on event types');
  const matches = matcher(byType);
  return (event) => matches(event.type);
}

function matcher(expression: ReadReq.Options.FilterOptions.Expression): (text: string) => boolean {
  const prefixes = expression.getPrefixList();
  if (prefixes.length > 0) return (text) => prefixes.some((prefix) => text.startsWith(prefix));
  const pattern = expression.getRegex();
  if (pattern === '') throw new InvalidRequest('a filter needs a prefix or a regular expression');
  try {
    const regex = new RegExp(pattern, 'u');
    return (text) => regex.test(text);
  } catch (cause) {
    throw new InvalidRequest(`the filter's regular expression is not understood: ${pattern}`, { cause });
  }
}
