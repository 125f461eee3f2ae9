/** Which order: its id is unique within its tenant. */
export interface OrderKey {
  readonly tenantId: string;
  readonly orderId: string;
}

/** The keys as two parameters of a statement, for `unnest(…::text[], …::uuid[])`. */
export function keyArrays(keys: readonly OrderKey[]): [tenantIds: string[], orderIds: string[]] {
  return [keys.map(({ tenantId }) => tenantId), keys.map(({ orderId }) => orderId)];
}
