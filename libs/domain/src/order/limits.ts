/**
 * Limits of one order. Each is tested at its edge; together they keep the largest legal append, in plain letters, below
 * 1,000,000 bytes, and the state of an order, with texts of a usual length, small enough for a snapshot.
 */
export const LIMITS = {
  lines: 2_000,
  discounts: 100,
  surcharges: 100,
  attributes: 20,
  attributeKeyCharacters: 50,
  attributeValueCharacters: 500,
  tags: 50,
  tagCharacters: 50,
  nameCharacters: 200,
  skuCharacters: 100,
  referenceCharacters: 100,
  reasonCharacters: 500,
  noteCharacters: 4_000,
  editOperations: 500,
  quantity: 1_000_000,
  /** Of a price, a line and an order. Far below 2^53, so every sum within the limit is exact. */
  amountMinor: 100_000_000_000_000,

  // What an order collects over its life. At a limit, commands that would add more are rejected. Stored events
  // always fold, however many there are.
  notes: 500,
  shipments: 500,
  cancellations: 500,
  returns: 500,
  refunds: 500,
  /** Lines named in all shipments together; the same for all cancellations, all returns and all refunds. */
  namedLines: 20_000,
  /** Receipts of returned units. Limited because their commands are never forgotten. */
  receipts: 1_000,
  /** Of authorizations, captures, failures and reversals each. Twice as many as shipments: the provider has acted already. */
  payments: 1_000,
  /** Removed lines and discounts. Limited because their ids are never forgotten. */
  removals: 5_000,

  taxRateBasisPoints: 100_000,
  /** How far a command's time may be ahead of the clock, behind it, or behind the order's last event. */
  clockToleranceMs: 60_000,
} as const;
