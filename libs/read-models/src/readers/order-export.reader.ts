import type pg from 'pg';
import { parkedOrderIds } from './parked.reader.js';
import { summarySource, type SummaryQuestion } from './as-of.js';
import type { ReadGeneration, ReadModels } from './read-models.js';
import { allOf, Parameters } from './sql.js';
import { selectSummary, summaryItemOf, type SummaryItem, type SummaryRow } from './summary-item.js';

const FETCH_ROWS = 500;
/**
 * PostgreSQL ends a transaction of which nothing was asked for so long: it holds back the vacuum. It is longer than an
 * export waits for its client, and for exports that are not ended by themselves, as those of a process that stands still.
 */
const IDLE_AFTER_MS = 120_000;
/**
 * An export is also ended after this time, though its reader keeps taking a little: it holds back the vacuum, and
 * holds a connection.
 */
export const EXPORT_LONGEST_MS = 15 * 60_000;

export type ExportedOrder = SummaryItem & {
  /** The order is parked. */
  readonly stale?: true;
};

/** The reader took too long: the export ends before its last order. */
export class ExportTooSlow extends Error {
  constructor() {
    super(`the client did not read the export within ${EXPORT_LONGEST_MS / 60_000} minutes`);
  }
}

/**
 * All orders that match, in the order of their placing, a batch at a time and as of one moment of the
 * database. The next batch is read when it is asked for; leaving the loop ends the transaction.
 *
 * @param nowMs of a clock that only goes forward
 * @throws ExportTooSlow when its reader takes too long
 */
export async function* exportOrders(
  models: ReadModels,
  question: SummaryQuestion,
  nowMs: () => number = () => performance.now(),
): AsyncGenerator<ExportedOrder[], void> {
  const client = await models.pool.connect();
  const untilMs = nowMs() + EXPORT_LONGEST_MS;
  let usable = false;
  try {
    await models.read((generation) => declareCursor(client, generation, question));
    for (;;) {
      if (nowMs() > untilMs) throw new ExportTooSlow();
      const { rows } = await client.query<SummaryRow>(`FETCH ${FETCH_ROWS} FROM exported`);
      if (rows.length > 0) yield rows.map(exportedOrderOf);
      if (rows.length < FETCH_ROWS) break;
    }
    usable = true;
  } finally {
    // A connection with an open transaction cannot serve anybody else.
    client.release(!(usable && (await ended(client))));
  }
}

async function declareCursor(
  client: pg.PoolClient,
  generation: ReadGeneration,
  question: SummaryQuestion,
): Promise<void> {
  const parameters = new Parameters();
  const { from, conditions } = summarySource(generation.schema, question, parameters, 'o');
  const parked = parkedOrderIds(generation, parameters.add(question.audience.tenantId));
  const select = `SELECT ${selectSummary('o')}, o.order_id IN (${parked}) AS stale FROM ${from} WHERE ${allOf(conditions)}
    ORDER BY o.placed_at, o.order_id`;
  await client.query('BEGIN READ ONLY');
  try {
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = ${IDLE_AFTER_MS}`);
    await client.query(`DECLARE exported NO SCROLL CURSOR FOR ${select}`, parameters.values);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

function exportedOrderOf(row: SummaryRow): ExportedOrder {
  const item = summaryItemOf(row);
  return row['stale'] === true ? { ...item, stale: true } : item;
}

/**
 * Ends the transaction. All rows were read by then, so an error here does not fail the export.
 * @returns whether the transaction has ended
 */
async function ended(client: pg.PoolClient): Promise<boolean> {
  return client.query('COMMIT').then(
    () => true,
    () => false,
  );
}
