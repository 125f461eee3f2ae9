import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Principal, Scope } from './principal.js';

/** Who may call a route. Every route says so, or the app does not start. */
export interface Access {
  readonly public: boolean;
  /** All of them are needed. */
  readonly scopes: readonly Scope[];
  /** Whether a customer's own token is admitted too. */
  readonly customers: boolean;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** Null on public routes. */
    principal: Principal | null;
  }
}

/** For staff and services whose token has all of these scopes; customers' tokens are refused. */
export function Scopes(...scopes: [Scope, ...Scope[]]): MethodDecorator {
  return route({ public: false, scopes, customers: false });
}

/** As `Scopes`, and for customers too: the handler must keep them to their own orders. */
export function CustomerScopes(...scopes: [Scope, ...Scope[]]): MethodDecorator {
  return route({ public: false, scopes, customers: true });
}

/** For anyone, without a token: health and documentation, never an order. */
export function Public(): MethodDecorator {
  return RouteConfig({ access: publicAccess });
}

export const publicAccess: Access = { public: true, scopes: [], customers: true };

/** The parameter that says who is asking. */
export const CurrentPrincipal = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Principal => {
    const { principal } = context.switchToHttp().getRequest<FastifyRequest>();
    if (principal === null) throw new Error('a public route has no principal');
    return principal;
  },
);

function route(access: Access): MethodDecorator {
  return applyDecorators(RouteConfig({ access }), ApiBearerAuth());
}
