import type pg from 'pg';
import { indexStatements } from '../generations/generation-ddl.js';
import { engineOf, type Generation } from '../generations/generation.js';
import { analyzeStatement } from './table-statistics.js';
import { ORDERS_PROJECTION } from '../orders.projection.js';
import { SHARED_SCHEMA } from '../schema.js';
import { findTrigrams } from '../search/trigrams.js';
import type { CopyPart } from './bulk-rows.js';
import { copyIn } from './copy-in.js';
import type { OrderKey } from '../order-key.js';
import { BEHIND_REASON, storableText } from './quarantine.store.js';
import { noteBuild } from './stretches.js';

/** How far a build is: every event up to the position is in a row, or belongs to an order that is still open. */
export interface BuildCheckpoint {
  readonly position: bigint;
  /** Order events read so far. */
  readonly events: number;
  /** The write number of the last row in `orders`. */
  readonly writeSeq: number;
}

/** A bulk build that was begun, and may have been cut off. */
export interface BegunBuild {
  readonly checkpoint: BuildCheckpoint;
  /** All events are loaded and the finishing steps have begun: no more rows may be loaded. */
  readonly isFinishing: boolean;
}

/** An order with events up to the checkpoint that are in none of its rows, from this revision on. */
export interface OpenedOrder extends OrderKey {
  readonly fromRevision: number;
}

/** An event that the build parks. */
export interface UnappliedEvent extends OrderKey {
  readonly revision: number;
  readonly position: bigint;
  readonly eventId: string;
  readonly type: string;
  readonly reason: string;
  /** `permanent`: the event could not be applied. `behind`: it follows one that could not. */
  readonly kind: 'permanent' | 'behind';
}

/** A step that follows the loading of all events. Steps run one after the other. */
export interface FinishingStep {
  readonly what: string;
  readonly run: () => Promise<void>;
}

const NOTHING_YET: BuildCheckpoint = { position: -1n, events: 0, writeSeq: 0 };

// Indexes are sorted in memory. No commit but the last waits for the disk: a crash of the server may lose rows,
// but only together with the checkpoint that covers them.
const SESSION = `SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SET work_mem = '128MB'`;

/**
 * Fills a generation that nobody reads yet. Loading only adds rows, by COPY, to tables without indexes, and stores
 * the build's checkpoint in the same transaction. The build's own tables are in the schema of the generation, so
 * dropping the generation removes them too.
 */
export class BulkLoadStore {
  readonly #db: pg.ClientBase;
  readonly #generation: Generation;

  /** @param db a connection that only this builder uses */
  constructor(db: pg.ClientBase, generation: Generation) {
    this.#db = db;
    this.#generation = generation;
  }

  /**
   * Creates the build's own tables unless they exist.
   * @returns where to go on; null: the generation is loaded and finished
   */
  async open(): Promise<BegunBuild | null> {
    await this.#db.query(SESSION);
    const { schema } = this.#generation;
    if (await this.#has(`${schema}.build_checkpoint`)) return this.#begun();
    if (await this.#isLoaded()) return null;
    await this.#db.query(buildDdl(schema));
    return { checkpoint: NOTHING_YET, isFinishing: false };
  }

  /** Writes rows, parked events and the checkpoint in one transaction. */
  async write(
    parts: readonly CopyPart[],
    parked: readonly UnappliedEvent[],
    { position, events, writeSeq }: BuildCheckpoint,
  ): Promise<void> {
    await this.#inTransaction(async () => {
      for (const { into, rows } of parts) await copyIn(this.#db, into, rows);
      if (parked.length > 0) await this.#park(parked);
      await this.#db.query({
        name: 'build_checkpoint',
        text: `UPDATE ${this.#generation.schema}.build_checkpoint SET position = $1, events = $2, write_seq = $3`,
        values: [position.toString(), events, writeSeq],
      });
    });
  }

  async openOrders(): Promise<OpenedOrder[]> {
    const { schema } = this.#generation;
    const { rows } = await this.#db.query<OpenedOrder>(
      `SELECT b.tenant_id AS "tenantId", b.order_id AS "orderId", max(b.revision) AS "fromRevision"
       FROM ${schema}.build_opened b
       WHERE NOT EXISTS (SELECT FROM ${schema}.orders o
           WHERE o.tenant_id = b.tenant_id AND o.order_id = b.order_id AND o.revision >= b.revision)
         AND NOT EXISTS (SELECT FROM ${schema}.build_closed c
           WHERE c.tenant_id = b.tenant_id AND c.order_id = b.order_id AND c.revision >= b.revision)
       GROUP BY 1, 2`,
    );
    return rows;
  }

  /**
   * The finishing steps that are not done yet. The last one stores the generation's checkpoint, which marks the
   * load as complete.
   */
  async finishing(checkpoint: BuildCheckpoint): Promise<FinishingStep[]> {
    const { schema, searchIndex } = this.#generation;
    const engine = engineOf(searchIndex);
    if (engine === 'postgres') await findTrigrams(this.#db, 'session ends');
    const steps = [
      { what: 'orders that came back', text: supersede(this.#generation) },
      ...(engine === 'postgres' ? [{ what: 'words', text: takeWords(schema) }] : []),
      ...indexStatements(schema, engine).map((text) => ({ what: text.split(' ON ')[0]!, text })),
      { what: 'statistics', text: analyzeStatement(this.#generation) },
    ];
    const { rows } = await this.#db.query<{ done: number }>(
      `SELECT steps_done AS done FROM ${schema}.build_checkpoint`,
    );
    const { done } = rows[0]!;
    // Several statements in one query text are one transaction.
    const run = (text: string) => async () =>
      void (await this.#db.query(
        `${text}; UPDATE ${schema}.build_checkpoint SET steps_done = steps_done + 1`,
      ));
    return [
      ...steps.slice(done).map(({ what, text }) => ({ what, run: run(text) })),
      { what: 'checkpoint', run: () => this.#inTransaction(() => this.#finish(checkpoint)) },
    ];
  }

  async #finish({ position, writeSeq }: BuildCheckpoint): Promise<void> {
    const { id, schema, searchIndex } = this.#generation;
    await this.#db.query('SET LOCAL synchronous_commit = on');
    if (searchIndex !== null) {
      await noteBuild(this.#db, this.#generation);
      if (writeSeq > 0) await this.#db.query('SELECT setval($1, $2)', [`${schema}.write_seq`, writeSeq]);
    }
    await this.#db.query(
      `INSERT INTO ${SHARED_SCHEMA}.checkpoints (generation, projection, position) VALUES ($1, $2, $3)
       ON CONFLICT (generation, projection) DO UPDATE SET position = excluded.position, updated_at = now()`,
      [id, ORDERS_PROJECTION, position.toString()],
    );
    await this.#db.query(`DROP TABLE ${buildTables.map((table) => `${schema}.${table}`).join(', ')}`);
  }

  async #park(parked: readonly UnappliedEvent[]): Promise<void> {
    const values = [
      'tenantId',
      'orderId',
      'revision',
      'position',
      'eventId',
      'type',
      'reason',
      'kind',
    ] as const;
    await this.#db.query(
      `INSERT INTO ${SHARED_SCHEMA}.quarantine
         (projection, generation, tenant_id, order_id, revision, position, event_id, type, reason, kind)
       SELECT $1, $2, * FROM unnest($3::text[], $4::uuid[], $5::int[], $6::bigint[], $7::uuid[], $8::text[],
         $9::text[], $10::text[]) ON CONFLICT DO NOTHING`,
      [
        ORDERS_PROJECTION,
        this.#generation.id,
        ...values.map((name) => parked.map((one) => storableText(String(one[name])))),
      ],
    );
  }

  async #begun(): Promise<BegunBuild> {
    const { rows } = await this.#db.query<{
      position: string;
      events: string;
      write_seq: string;
      steps_done: number;
    }>(`SELECT position, events, write_seq, steps_done FROM ${this.#generation.schema}.build_checkpoint`);
    const { position, events, write_seq, steps_done } = rows[0]!;
    const checkpoint = { position: BigInt(position), events: Number(events), writeSeq: Number(write_seq) };
    return { checkpoint, isFinishing: steps_done > 0 };
  }

  async #isLoaded(): Promise<boolean> {
    const { rows } = await this.#db.query(
      `SELECT FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = $2`,
      [this.#generation.id, ORDERS_PROJECTION],
    );
    return rows.length > 0;
  }

  async #has(table: string): Promise<boolean> {
    const { rows } = await this.#db.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
      table,
    ]);
    return rows[0]!.there;
  }

  async #inTransaction(work: () => Promise<void>): Promise<void> {
    await this.#db.query('BEGIN');
    try {
      await work();
      await this.#db.query('COMMIT');
    } catch (error) {
      await this.#db.query('ROLLBACK').catch(() => {}); // the connection is gone: so is the transaction
      throw error;
    }
  }
}

const buildTables = [
  'build_checkpoint',
  'build_opened',
  'build_closed',
  'build_superseded',
  'build_words',
] as const;

const KEY = 'tenant_id text COLLATE "C" NOT NULL, order_id uuid NOT NULL';

const buildDdl = (schema: string) => `
CREATE TABLE ${schema}.build_checkpoint (position bigint NOT NULL, events bigint NOT NULL, write_seq bigint NOT NULL,
  steps_done int NOT NULL);
INSERT INTO ${schema}.build_checkpoint VALUES (-1, 0, 0, 0);
CREATE TABLE ${schema}.build_opened (${KEY}, revision int NOT NULL);
CREATE TABLE ${schema}.build_closed (${KEY}, revision int NOT NULL);
CREATE TABLE ${schema}.build_superseded (${KEY}, revision int NOT NULL, from_revision int NOT NULL,
  occurred_until timestamptz, recorded_until timestamptz);
CREATE TABLE ${schema}.build_words (tenant_id text COLLATE "C" NOT NULL, word text COLLATE "C" NOT NULL);`;

const SAME_ORDER = 't.tenant_id = s.tenant_id AND t.order_id = s.order_id';

/**
 * An order that came back with nothing but skipped events was superseded by no later row, and may come back again:
 * only what superseded it last knows the event after that row.
 */
const lastSuperseded = (schema: string) => `
  SELECT DISTINCT ON (tenant_id, order_id, revision) * FROM ${schema}.build_superseded
  ORDER BY tenant_id, order_id, revision, from_revision DESC`;

const supersede = ({ schema, id }: Generation) => `
ANALYZE ${schema}.build_superseded;
${['orders', 'order_search']
  .map(
    (table) =>
      `DELETE FROM ${schema}.${table} t USING ${schema}.build_superseded s
WHERE ${SAME_ORDER} AND t.revision < s.from_revision;`,
  )
  .join('\n')}
CREATE TABLE ${schema}.build_lacking (${KEY});
WITH ended AS (
  UPDATE ${schema}.order_history t SET occurred_until = s.occurred_until, recorded_until = s.recorded_until
  FROM (${lastSuperseded(schema)}) s WHERE ${SAME_ORDER} AND t.revision = s.revision
  RETURNING t.tenant_id, t.order_id, t.revision
) INSERT INTO ${schema}.build_lacking SELECT DISTINCT s.tenant_id, s.order_id FROM ${schema}.build_superseded s
  WHERE NOT EXISTS (SELECT FROM ended t WHERE ${SAME_ORDER} AND t.revision = s.revision);
${leaveLackingToProjector(schema, id)}
DROP TABLE ${schema}.build_lacking;
TRUNCATE ${schema}.build_superseded`;

/**
 * The fold may have read an event from the order's stream that the log did not give; such an event has no history
 * row. All events of the order are then parked, and the orders follower applies them again from the first one.
 */
const leaveLackingToProjector = (schema: string, id: number) => `
INSERT INTO ${SHARED_SCHEMA}.quarantine (projection, generation, tenant_id, order_id, revision, kind, reason)
SELECT '${ORDERS_PROJECTION}', ${id}, s.tenant_id, s.order_id, 0, 'transient',
  'the log did not give all events of its order: they are read from its stream'
FROM ${schema}.build_lacking s ON CONFLICT DO NOTHING;
INSERT INTO ${SHARED_SCHEMA}.quarantine
  (projection, generation, tenant_id, order_id, revision, position, event_id, type, kind, reason)
SELECT '${ORDERS_PROJECTION}', ${id}, t.tenant_id, t.order_id, t.revision, t.position, t.event_id, t.type, 'behind',
  '${BEHIND_REASON}'
FROM ${schema}.build_lacking s JOIN ${schema}.order_history t ON ${SAME_ORDER} ON CONFLICT DO NOTHING;
${['orders', 'order_history', 'order_search']
  .map((table) => `DELETE FROM ${schema}.${table} t USING ${schema}.build_lacking s WHERE ${SAME_ORDER};`)
  .join('\n')}`;

const takeWords = (schema: string) => `
INSERT INTO ${schema}.search_words SELECT DISTINCT tenant_id, word FROM ${schema}.build_words;
TRUNCATE ${schema}.build_words`;
