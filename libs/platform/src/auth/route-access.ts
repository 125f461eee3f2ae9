import type { Principal, Scope } from './principal.js';

/**
 * Who may call a route. Every route says so, or the app does not start.
 *
 * The decorators that say it lie beside: whoever has routes without Nest does not load it for this.
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

/** Of what holds nothing of anybody: health, figures and documentation. */
export const publicAccess: Access = { public: true, scopes: [], customers: true };
