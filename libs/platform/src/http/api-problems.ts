import { applyDecorators } from '@nestjs/common';
import { problems, type ProblemCode } from '../problems/problems.js';
import { ApiResponse } from './documented.js';

const retryAfter = {
  'Retry-After': {
    description: 'The number of seconds to wait before trying again.',
    schema: { type: 'integer' as const },
  },
};
const wwwAuthenticate = {
  'WWW-Authenticate': {
    description: 'What a token must have (RFC 6750).',
    schema: { type: 'string' as const },
  },
};
const presentETag = {
  ETag: { description: 'The present revision of the order, in quotes.', schema: { type: 'string' as const } },
};

/** The headers that tell more than the problem does. */
function headersOf(status: number, codes: readonly ProblemCode[]) {
  if (status === 429 || status === 503 || codes.includes('conflict_retry_exhausted')) return retryAfter;
  if (status === 401 || status === 403) return wwwAuthenticate;
  return codes.includes('precondition_failed') ? presentETag : undefined;
}

/** A method decorator for OpenAPI: the errors that a route is known to answer, one response per status. */
export function ApiProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  const statuses = new Set(codes.map((code) => problems[code].status));
  return applyDecorators(
    ...[...statuses].map((status) => {
      const ofStatus = [...new Set(codes)].filter((code) => problems[code].status === status);
      const headers = headersOf(status, ofStatus);
      const examples = ofStatus.map((code) => [code, { $ref: `#/components/examples/${code}` }] as const);
      return ApiResponse({
        status,
        ...(headers ? { headers } : {}),
        description: ofStatus.map((code) => `- \`${code}\`: ${problems[code].title}`).join('\n'),
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(examples),
          },
        },
      });
    }),
  );
}
