/** SQL for when the period of a history row ended on a clock; `infinity` for the order's last row. */
export function periodEnd(clock: 'occurred' | 'recorded', alias?: string): string {
  return `coalesce(${alias === undefined ? '' : `${alias}.`}${clock}_until, 'infinity'::timestamptz)`;
}

// Both clocks in one index: it tells whether a row's period holds a moment, without reading the row.
const PERIODS = `occurred_at, ${periodEnd('occurred')}, recorded_at, ${periodEnd('recorded')}`;
const PLACED = 'placed_at, order_id';

/**
 * Pages of orders as of a moment are read in the order of placing, as live ones are. Some indexes leave out the
 * value in which most orders come to rest, and so most of the table: rows with that value stand close together in
 * that order, and need no index of their own.
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
    // For pages in the order of the last update, on either clock, and for what changed between two moments.
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
    // For orders looked up by what a carrier or a payment provider calls them.
    index('told_name', 'told_name', 'told_name IS NOT NULL'),
  ];
}
