import type { Principal, Scope } from './principal.js';

/**
 * Who may call a route. Every route says so, or the app does not start.
 *
 * The decorators are in access.ts, so that an app with routes but without Nest does not load Nest for this type.
 */
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

/** For routes that show nobody's data: health, metrics and documentation. */
export const publicAccess: Access = { public: true, scopes: [], customers: true };
