/**
 * An order in a list: exactly the columns that `orders` and `order_history` share, so that a page of
 * today and a page of some earlier moment look alike. Money is in minor units of `currency`.
 */
export interface SummaryItem {
  readonly orderId: string;
  readonly revision: number;
  readonly number: string;
  readonly reference: string | null;
  readonly customerId: string | null;
  readonly status: string;
  readonly onHold: boolean;
  readonly paymentStatus: string;
  readonly fulfilmentStatus: string;
  readonly returnStatus: string;
  readonly currency: string;
  readonly country: string | null;
  readonly placedAt: string;
  /** When its last event happened. */
  readonly updatedAt: string;
  readonly tags: readonly string[];
  readonly lineCount: number;
  readonly unitCount: number;
  readonly orderedTotalMinor: number;
  readonly totalMinor: number;
  readonly capturedMinor: number;
  readonly refundedMinor: number;
  readonly balanceDueMinor: number;
  readonly returnsClosed: number;
  readonly unitsReturned: number;
}

/** A row as node-postgres gives it: bigint as text, timestamptz as Date. */
export type SummaryRow = Readonly<Record<string, unknown>>;

type Conversion = 'same' | 'time' | 'integer';

const columns: Readonly<Record<keyof SummaryItem, readonly [column: string, conversion: Conversion]>> = {
  orderId: ['order_id', 'same'],
  revision: ['revision', 'same'],
  number: ['number', 'same'],
  reference: ['reference', 'same'],
  customerId: ['customer_id', 'same'],
  status: ['status', 'same'],
  onHold: ['on_hold', 'same'],
  paymentStatus: ['payment_status', 'same'],
  fulfilmentStatus: ['fulfilment_status', 'same'],
  returnStatus: ['return_status', 'same'],
  currency: ['currency', 'same'],
  country: ['country', 'same'],
  placedAt: ['placed_at', 'time'],
  updatedAt: ['updated_at', 'time'],
  tags: ['tags', 'same'],
  lineCount: ['line_count', 'same'],
  unitCount: ['unit_count', 'same'],
  orderedTotalMinor: ['ordered_total_minor', 'integer'],
  totalMinor: ['total_minor', 'integer'],
  capturedMinor: ['captured_minor', 'integer'],
  refundedMinor: ['refunded_minor', 'integer'],
  balanceDueMinor: ['balance_due_minor', 'integer'],
  returnsClosed: ['returns_closed', 'same'],
  unitsReturned: ['units_returned', 'same'],
};

const entries = Object.entries(columns);

export const summaryFields = Object.keys(columns) as readonly (keyof SummaryItem)[];

/** The select list of a summary; `prefix` keeps two summaries of one row apart. */
export function selectSummary(alias: string, prefix = ''): string {
  return entries.map(([, [column]]) => `${alias}.${column} AS ${prefix}${column}`).join(', ');
}

export function summaryItemOf(row: SummaryRow, prefix = ''): SummaryItem {
  const item = entries.map(([field, [column, conversion]]) => [
    field,
    converted(row[prefix + column], conversion),
  ]);
  return Object.fromEntries(item) as unknown as SummaryItem;
}

function converted(value: unknown, conversion: Conversion): unknown {
  if (conversion === 'time') return (value as Date).toISOString();
  return conversion === 'integer' ? Number(value) : value;
}
