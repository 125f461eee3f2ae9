/** Which order: its id is unique within its tenant. */
export interface OrderKey {
  readonly tenantId: string;
  readonly orderId: string;
}
