import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { decodeOrderPosition, type OrderPosition } from '#platform/order-position.js';
import { ProblemError } from '#platform/problems/problems.js';
import type { Audience } from '#read-models/readers/order-filter.js';

/** What a request says besides path, query and body: who asks, and how fresh the answer must be. */
export interface Asked {
  /** With a `customerId`: a customer, who sees its own orders only, and no notes. */
  readonly audience: Audience;
  /** The change that the answer must show; null: none. */
  readonly consistentWith: OrderPosition | null;
  readonly ifNoneMatch: string | undefined;
  readonly reply: FastifyReply;
}

export const AskedBy = createParamDecorator((_data: unknown, context: ExecutionContext): Asked => {
  const http = context.switchToHttp();
  return askedOf(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
});

/** @throws ProblemError when a header is not what it must be */
export function askedOf({ principal, headers }: FastifyRequest, reply: FastifyReply): Asked {
  if (principal === null) throw new Error('a public route shows no orders');
  return {
    audience: { tenantId: principal.tenantId, customerId: principal.customerId },
    consistentWith: positionOf(headers['consistent-with']),
    ifNoneMatch: headers['if-none-match'],
    reply,
  };
}

function positionOf(token: string | string[] | undefined): OrderPosition | null {
  if (token === undefined) return null;
  const position = typeof token === 'string' ? decodeOrderPosition(token) : null;
  if (position !== null) return position;
  throw new ProblemError('malformed_request', {
    detail: 'Consistent-With must be the Order-Position of an earlier answer, unchanged.',
    errors: [{ pointer: '/Consistent-With', code: 'invalid_position', message: 'is not an Order-Position' }],
  });
}
