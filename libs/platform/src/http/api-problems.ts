import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { problems, type ProblemCode } from '../problems/problems.js';

const TOLD_WHEN_TO_COME_AGAIN: ReadonlySet<number> = new Set([429, 503]);
const retryAfter = {
  'Retry-After': {
    description: 'The number of seconds to wait before trying again.',
    schema: { type: 'integer' as const },
  },
};

/** A method decorator for OpenAPI: the errors that a route is known to answer, one response per status. */
export function ApiProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  const statuses = new Set(codes.map((code) => problems[code].status));
  return applyDecorators(
    ...[...statuses].map((status) => {
      const ofStatus = [...new Set(codes)].filter((code) => problems[code].status === status);
      const examples = ofStatus.map((code) => [code, { $ref: `#/components/examples/${code}` }] as const);
      return ApiResponse({
        status,
        ...(TOLD_WHEN_TO_COME_AGAIN.has(status) ? { headers: retryAfter } : {}),
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
