import { ProblemError } from '#platform/problems/problems.js';

/** What `If-Match` asks for: a revision, any revision, or nothing at all. */
export type IfMatch = number | 'any' | null;

/**
 * @param header one strong ETag of ours (`"12"`) or `*`
 * @throws ProblemError `malformed_request` for anything else; a weak tag never matches here
 */
export function ifMatchOf(header: string | undefined): IfMatch {
  if (header === undefined) return null;
  if (header === '*') return 'any';
  const match = /^"(0|[1-9]\d{0,14})"$/.exec(header);
  if (match) return Number(match[1]);
  throw new ProblemError('malformed_request', {
    detail: 'If-Match must be one ETag exactly as an answer gave it, such as "12", or *.',
  });
}
