import pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX } from '#event-store/streams.js';
import { createPool } from '#platform/postgres.js';
import { createGeneration } from '#read-models/generations/generation.js';
import { buildRows } from '../built-rows.js';
import { DEFAULT_EVENTS, fillLog, type FilledLog, type LogOptions } from '../filled-log.js';
import { interleave, NO_FIGURES, percentile, REPETITIONS, runWhole, type Row } from '../measure.js';
import { projectOneByOne } from '../one-by-one-projector.js';
import { RawRows } from '../raw-copy.js';
import type { RebuildReport } from '../rebuild-process.js';

const TARGET_RATIO = 0.7;
const TARGET_TIMES_ONE_BY_ONE = 10;
const TARGET_MEMORY = 1 / 1.1;
const ONE_BY_ONE_EVENTS = 3_000;

/**
 * The bulk build of the PostgreSQL read models, up to the checkpoint from which the projector goes on. It is
 * compared with reading `$all` without using it and then copying the same final rows into tables with the same
 * keys and indexes, and with a projector that takes one event at a time. A last row shows how the memory of the
 * build grows.
 */
export async function rebuild({ file, events }: LogOptions): Promise<readonly Row[]> {
  const log = await fillLog(events ?? DEFAULT_EVENTS, file);
  const pool = createPool(log.postgresUrl, { max: 2, applicationName: 'bench', statementTimeoutMs: 0 });
  const db = new pg.Client({ connectionString: log.postgresUrl });
  await db.connect();
  const build = () => buildRows(log, pool, null);
  const drop = (schema: string) => db.query(`DROP SCHEMA ${schema} CASCADE; CHECKPOINT`);
  try {
    const first = await build();
    const raw = await RawRows.of(db, first.generation.schema);
    await drop(first.generation.schema);
    const reports: RebuildReport[] = [];
    let built = '';
    const row = await interleave(
      { name: 'rebuild', target: TARGET_RATIO },
      {
        ours: () =>
          runWhole(log.events, async () => {
            const { generation, report } = await build();
            reports.push(report);
            built = generation.schema;
          }),
        raw: () =>
          runWhole(log.events, async () => {
            await readForNothing(log.store);
            await raw.copyInto('raw');
            built = 'raw';
          }),
        settle: async () => void (await drop(built)),
      },
    );
    return [row, await oneByOne(log, db, row.perSecond!), memory(reports, log.events)];
  } finally {
    await Promise.all([db.end(), pool.end()]);
    await log.stop();
  }
}

async function readForNothing(store: Pick<EventStore, 'subscribeToAll'>): Promise<void> {
  const stop = new AbortController();
  const all = store.subscribeToAll({ after: null, streamPrefix: ORDER_STREAM_PREFIX, signal: stop.signal });
  for await (const message of all) if (message.kind === 'caught_up') stop.abort();
}

/**
 * How many times as fast the bulk build is. The other projector takes only the first events, when its tables are
 * still small.
 */
async function oneByOne(log: FilledLog, db: pg.Client, perSecond: number): Promise<Row> {
  const rates: number[] = [];
  const pool = createPool(log.postgresUrl, { max: 1, applicationName: 'bench', statementTimeoutMs: 0 });
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const { schema } = await createGeneration(pool, { indexPrefix: null, madeBy: 'replay' });
    const lane = await runWhole(ONE_BY_ONE_EVENTS, async () => {
      await projectOneByOne(log.store, db, schema, ONE_BY_ONE_EVENTS);
    });
    rates.push(lane.perSecond);
    await db.query(`DROP SCHEMA ${schema} CASCADE`);
  }
  await pool.end();
  const ratios = rates.map((rate) => perSecond / rate);
  return {
    ...rowOf('rebuild / one by one', TARGET_TIMES_ONE_BY_ONE, ratios),
    perSecond,
    rawPerSecond: percentile(rates, 0.5),
  };
}

/** Whether memory stays flat: the most in the second tenth of the events, over the most from the last tenth on. */
function memory(reports: readonly RebuildReport[], events: number): Row {
  const mostOf = (report: RebuildReport, from: number, to: number) =>
    Math.max(
      ...report.memory
        .filter((at) => at.events >= from * events && at.events <= to * events)
        .map(({ rssBytes }) => rssBytes / 1_000_000),
    );
  const begins = reports.map((report) => mostOf(report, 0.1, 0.2));
  const ends = reports.map((report) => mostOf(report, 0.9, Infinity));
  const ratios = ends.map((end, index) => begins[index]! / end);
  return {
    ...rowOf('rebuild memory, MB', TARGET_MEMORY, ratios),
    perSecond: percentile(ends, 0.5),
    rawPerSecond: percentile(begins, 0.5),
  };
}

function rowOf(name: string, target: number, ratios: readonly number[]): Row {
  return { ...NO_FIGURES, name, target, ratios, ratio: percentile(ratios, 0.5) };
}
