import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { ProblemError } from '../problems/problems.js';
import type { Access } from './route-access.js';
import type { Principal } from './principal.js';
import type { TokenVerifier } from './token-verifier.js';

/**
 * Decides on every request before its body is read: 401 without a good token, 403 without the scopes
 * its route asks for. A hook and not a Nest guard, which would run after the body was parsed.
 */
export function guardRoutes(fastify: FastifyInstance, verifier: TokenVerifier): void {
  fastify.decorateRequest('principal', null);
  fastify.addHook('onRoute', (route) => {
    if (route.config?.access !== undefined) return;
    throw new Error(
      `${String(route.method)} ${route.url} does not say who may call it: add @Scopes(…) or @Public()`,
    );
  });
  fastify.addHook('onRequest', (request: FastifyRequest, _reply: FastifyReply, done) => {
    const { access } = request.routeOptions.config;
    // Nobody handles this path; the answer is 404 for everyone.
    if (request.is404 || access?.public) return done();
    authenticate(request, access, verifier, done);
  });
}

function authenticate(
  request: FastifyRequest,
  access: Access | undefined,
  verifier: TokenVerifier,
  done: HookHandlerDoneFunction,
): void {
  const token = bearerToken(request.headers.authorization);
  if (token === null) {
    return done(
      new ProblemError('unauthenticated', {
        headers: { 'www-authenticate': 'Bearer realm="orderlog"' },
      }),
    );
  }
  const admit = (principal: Principal) => {
    request.principal = principal;
    done(refusal(principal, access));
  };
  const known = verifier.known(token);
  if (known) return admit(known);
  verifier.verify(token).then(admit, done);
}

function bearerToken(header: string | undefined): string | null {
  const match = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(header ?? '');
  return match?.[1] ?? null;
}

function refusal(principal: Principal, access: Access | undefined): ProblemError | undefined {
  if (access === undefined) return new ProblemError('forbidden');
  const missing = access.scopes.filter((scope) => !principal.scopes.has(scope));
  if (missing.length > 0) {
    return new ProblemError('forbidden', {
      detail: `The token lacks the scope ${missing.join(' and the scope ')}.`,
      headers: {
        'www-authenticate': `Bearer error="insufficient_scope", scope="${access.scopes.join(' ')}"`,
      },
    });
  }
  if (principal.customerId !== null && !access.customers) {
    return new ProblemError('forbidden', { detail: "A customer's token does not allow this." });
  }
  return undefined;
}
