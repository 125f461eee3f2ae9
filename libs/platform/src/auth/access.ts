import { applyDecorators } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth } from '../http/documented.js';
import type { Scope } from './principal.js';
import { publicAccess, type Access } from './route-access.js';

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

function route(access: Access): MethodDecorator {
  return applyDecorators(RouteConfig({ access }), ApiBearerAuth());
}
