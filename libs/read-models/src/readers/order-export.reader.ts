import type pg from 'pg';
import { summarySource, type SummaryQuestion } from './as-of.js';
import type { ReadModels } from './read-models.js';
import { allOf, Parameters } from './sql.js';
import { selectSummary, summaryItemOf, type SummaryItem, type SummaryRow } from './summary-item.js';

const FETCH_ROWS = 500;
/** A reader that takes nothing for so long is given up: its transaction holds back the vacuum. */
const STALLED_AFTER_MS = 60_000;

/**
 * All orders that match, in the order of their placing, a batch at a time and as of one moment of the
 * database. The next batch is read when it is asked for; leaving the loop ends the transaction.
 */
export async function* exportOrders(
  models: ReadModels,
  question: SummaryQuestion,
): AsyncGenerator<SummaryItem[], void> {
  const client = await models.pool.connect();
  let usable = false;
  try {
    await models.read(({ schema }) => declareCursor(client, schema, question));
    for (;;) {
      const { rows } = await client.query<SummaryRow>(`FETCH ${FETCH_ROWS} FROM exported`);
      if (rows.length > 0) yield rows.map((row) => summaryItemOf(row));
      if (rows.length < FETCH_ROWS) break;
    }
    usable = true;
  } finally {
    if (usable) usable = await ended(client);
    // A connection in the middle of a transaction is of no use to anybody else.
    client.release(!usable);
  }
}

async function declareCursor(
  client: pg.PoolClient,
  schema: string,
  question: SummaryQuestion,
): Promise<void> {
  const parameters = new Parameters();
  const { from, conditions } = summarySource(schema, question, parameters, 'o');
  const select = `SELECT ${selectSummary('o')} FROM ${from} WHERE ${allOf(conditions)}
    ORDER BY o.placed_at, o.order_id`;
  await client.query('BEGIN READ ONLY');
  try {
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = ${STALLED_AFTER_MS}`);
    await client.query(`DECLARE exported NO SCROLL CURSOR FOR ${select}`, parameters.values);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

async function ended(client: pg.PoolClient): Promise<boolean> {
  await client.query('COMMIT');
  return true;
}
