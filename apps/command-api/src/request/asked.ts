import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '#event-store/port.js';
import type { Principal } from '#platform/auth/principal.js';
import { traceIdOf } from '#platform/http/trace.js';
import { validated } from '#platform/http/validation.js';
import { ProblemError } from '#platform/problems/problems.js';
import { CommandQuery } from './command-query.dto.js';
import { commandIdOf, idempotencyKeyOf } from './idempotency.js';
import { ifMatchOf, type IfMatch } from './if-match.js';

/** What a request says about its command besides path and body: who asks, under which conditions. */
export interface Asked {
  readonly principal: Principal;
  readonly actor: Actor;
  readonly method: string;
  /** Made of sender, method, path and Idempotency-Key; null without a key. */
  readonly commandId: string | null;
  readonly ifMatch: IfMatch;
  readonly dryRun: boolean;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly traceparent: string;
  readonly reply: FastifyReply;
}

const NO_QUERY: CommandQuery = { dryRun: false };

export const AskedBy = createParamDecorator((_: undefined, context: ExecutionContext): Asked => {
  const http = context.switchToHttp();
  return askedOf(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
});

/** @throws ProblemError when a header or the query is malformed */
function askedOf(request: FastifyRequest, reply: FastifyReply): Asked {
  const { principal, headers, method, id } = request;
  if (principal === null) throw new Error('a public route takes no command');
  // Most commands have no query: they need no instance of its class.
  const { dryRun } = request.url.includes('?') ? validated(CommandQuery, request.query, 'text') : NO_QUERY;
  const key = idempotencyKeyOf(headers['idempotency-key']);
  return {
    principal,
    actor: actorOf(principal),
    method,
    commandId: key === null ? null : commandIdOf(principal, method, canonicalPathOf(request), key),
    ifMatch: ifMatchOf(headers['if-match']),
    dryRun,
    correlationId: labelOf(headers, 'x-correlation-id') ?? traceIdOf(id),
    causationId: labelOf(headers, 'x-causation-id'),
    traceparent: id,
    reply,
  };
}

// A token whose subject is its own client belongs to a service; any other subject is a person.
function actorOf({ customerId, subject, clientId }: Principal): Actor {
  if (customerId !== null) return { type: 'customer', id: customerId };
  return subject === clientId ? { type: 'service', id: clientId } : { type: 'user', id: subject };
}

// One path for one address: an id may be written in capitals, and a letter as %61.
function canonicalPathOf({ routeOptions, params }: FastifyRequest): string {
  const values = params as Readonly<Record<string, string>>;
  return routeOptions.url!.replace(/:(\w+)/g, (_, name: string) => values[name]!.toLowerCase());
}

function labelOf(headers: FastifyRequest['headers'], name: string): string | null {
  const value = headers[name];
  if (value === undefined) return null;
  if (typeof value === 'string' && /^[\x20-\x7e]{1,200}$/.test(value)) return value;
  throw new ProblemError('malformed_request', {
    detail: `${name} must be 1 to 200 printable ASCII characters.`,
  });
}
