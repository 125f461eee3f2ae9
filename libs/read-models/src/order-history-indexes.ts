/** When the period of a history row ended on a clock; never, as long as it is the order's last. */
export function periodEnd(clock: 'occurred' | 'recorded', alias?: string): string {
  return `coalesce(${alias === undefined ? '' : `${alias}.`}${clock}_until, 'infinity'::timestamptz)`;
}

// Both clocks at once: whether a row is the one of a moment is told by the index, without reading the row.
const PERIODS = `occurred_at, ${periodEnd('occurred')}, recorded_at, ${periodEnd('recorded')}`;
const PLACED = 'placed_at, order_id';

/**
 * Pages of orders as of a moment are read in the order of placing, as live ones are. Where most orders come to rest in
 * one value, rows that have it stand close together: they need no index of their own, and most of the table is left out.
 */
export function historyIndexes(schema: string): string[] {
  const index = (name: string, columns: string, where?: string) =>
    `CREATE INDEX order_history_${name} ON ${schema}.order_history (tenant_id, ${columns})` +
    (where === undefined ? '' : ` WHERE ${where}`);
  return [
    `ALTER TABLE ${schema}.order_history ADD PRIMARY KEY (tenant_id, order_id, revision)`,
    index('position', 'position'),
    index('placed', `${PLACED}, ${PERIODS}`),
    index('status', `status, ${PLACED}, ${PERIODS}`),
    index('country', `country, ${PLACED}, ${PERIODS}`),
    index('payment', `payment_status, ${PLACED}, ${PERIODS}`, `payment_status <> 'paid'`),
    index('fulfilment', `fulfilment_status, ${PLACED}, ${PERIODS}`, `fulfilment_status <> 'delivered'`),
    index('return', `return_status, ${PLACED}, ${PERIODS}`, `return_status <> 'none'`),
    index('held', `${PLACED}, ${PERIODS}`, 'on_hold'),
    index('total', `currency, total_minor, order_id, ${PERIODS}`),
    // By the last update, on either clock; and what changed between two moments.
    index(
      'occurred',
      `occurred_at, order_id, ${periodEnd('occurred')}, recorded_at, ${periodEnd('recorded')}`,
    ),
    // An event that another follows at the same instant was never the latest.
    index(
      'recorded',
      `recorded_at, order_id, ${periodEnd('recorded')}`,
      `${periodEnd('recorded')} > recorded_at`,
    ),
  ];
}
