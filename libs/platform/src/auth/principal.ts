export const scopes = ['orders:read', 'orders:write', 'orders:refund', 'orders:admin'] as const;
export type Scope = (typeof scopes)[number];

/** Who sends a request, as the token says. */
export interface Principal {
  /** `[a-z0-9_]{1,32}` */
  readonly tenantId: string;
  readonly subject: string;
  /** The program that sends the request. With tenant and customer, it tells equal idempotency keys apart. */
  readonly clientId: string;
  /** Set: a customer, who sees its own orders only. Null: staff or a service. */
  readonly customerId: string | null;
  readonly scopes: ReadonlySet<Scope>;
}
