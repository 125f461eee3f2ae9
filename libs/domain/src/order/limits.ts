/**
 * Limits of one order. Each is tested at its edge; together they keep the largest legal append below 1,000,000 bytes, and
 * the state of an order, with texts of a usual length, small enough for a snapshot.
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
  /** Of a price, a line, an order: far below 2^53, so that no sum of legal parts loses a unit. */
  amountMinor: 100_000_000_000_000,

  // What an order gathers in its life. No more is asked of it then; what happened before folds, however much.
  notes: 500,
  shipments: 500,
  cancellations: 500,
  returns: 500,
  refunds: 500,
  /** Named in all shipments together; in all cancellations, returns or refunds likewise. */
  namedLines: 20_000,
  /** Times that units came back: their commands are never forgotten. */
  receipts: 1_000,
  /** Of authorizations, of captures and of failures each. More than of all else, for the provider did it. */
  payments: 1_000,
  /** Of lines and discounts: their ids are never forgotten. */
  removals: 5_000,

  taxRateBasisPoints: 100_000,
  /** How far a command's time may be ahead of the clock, behind it, or behind the order's last event. */
  clockToleranceMs: 60_000,
} as const;
