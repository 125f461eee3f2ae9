import type { Generation } from '../generations/generation.js';
import type { Queryable } from '../queryable.js';
import { keyArrays, type OrderKey } from '../order-key.js';
import { ORDERS_PROJECTION, SEARCH_PROJECTION } from '../orders.projection.js';
import { CHECKPOINT_CHANNEL, GENERATION_CHANNEL, SHARED_SCHEMA } from '../schema.js';
import type { IndexReached } from '../search/elasticsearch/index-definition.js';
import type { LastWrite, RefusedDocument } from '../search/elasticsearch/index-writer.js';
import { fenced, heldLease, requireLease } from './fence.js';
import { isWriteOf, lastWriteSeqOf } from './stretches.js';

export const NOTHING_REACHED: IndexReached = { position: -1n, writeSeq: 0n };

/** How far the index of one generation has followed the rows, and which documents it refuses. */
export class SearchProgressStore {
  readonly #db: Queryable;
  readonly #generation: Generation;

  constructor(db: Queryable, generation: Generation) {
    this.#db = db;
    this.#generation = generation;
  }

  async checkpoint(): Promise<IndexReached> {
    const { rows } = await this.#db.query<CheckpointRow>(
      `SELECT position, write_seq FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = $2`,
      [this.#generation.id, SEARCH_PROJECTION],
    );
    return reachedOf(rows);
  }

  /**
   * Sets the checkpoint back to what the index itself tells that it has. That is less where the index was lost, or an
   * older copy of it came back.
   * @returns the checkpoint as it is now
   * @throws LeaseLost
   */
  async setBack(token: bigint, { position, writeSeq }: IndexReached): Promise<IndexReached> {
    const settingBack = this.#db.query<CheckpointRow>(
      `WITH ${held('$4')}, set_back AS (
         UPDATE ${SHARED_SCHEMA}.checkpoints SET position = least(position, $2), write_seq = least(write_seq, $3)
         WHERE generation = $1 AND projection = '${SEARCH_PROJECTION}' RETURNING position, write_seq
       ) SELECT ${requireLease}, position, write_seq FROM set_back`,
      [this.#generation.id, position.toString(), writeSeq.toString(), token.toString()],
    );
    return reachedOf((await fenced(settingBack)).rows);
  }

  /** How far the rows are that the index follows. */
  rowsReached(): Promise<IndexReached> {
    return this.#rowsUpTo(`(SELECT max(write_seq) FROM ${this.#generation.schema}.orders)`);
  }

  /** How far the rows have ever been, also those that are there no longer: the number that the last write of one took. */
  rowsEnd(): Promise<IndexReached> {
    return this.#rowsUpTo(lastWriteSeqOf(this.#generation.schema));
  }

  /** @param writeSeq SQL for the number of a write; null: nothing was written */
  async #rowsUpTo(writeSeq: string): Promise<IndexReached> {
    const { rows } = await this.#db.query<{ position: string | null; write_seq: string | null }>(
      `SELECT (SELECT position FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = $2),
         ${writeSeq} AS write_seq`,
      [this.#generation.rowsOf, ORDERS_PROJECTION],
    );
    const { position, write_seq } = rows[0]!;
    return {
      position: BigInt(position ?? NOTHING_REACHED.position),
      writeSeq: BigInt(write_seq ?? NOTHING_REACHED.writeSeq),
    };
  }

  /** Whether what an index has up to that write was made of these rows, as far as their stretches tell. */
  isOfTheseRows(last: LastWrite): Promise<boolean> {
    return isWriteOf(this.#db, this.#generation, last);
  }

  /**
   * Stores, in one transaction of the owner with that token, how far the index is, which documents it refused, and
   * which documents it has taken after having refused them.
   * @throws LeaseLost
   */
  async advance(
    token: bigint,
    { position, writeSeq }: IndexReached,
    refused: readonly RefusedDocument[],
    recovered: readonly OrderKey[],
  ): Promise<void> {
    const advancing = this.#db.query({
      name: 'advance_search',
      text: ADVANCE,
      values: [
        this.#generation.id,
        position.toString(),
        writeSeq.toString(),
        ...keyArrays(refused),
        refused.map(({ revision }) => revision),
        refused.map(({ reason }) => reason),
        ...keyArrays(recovered),
        token.toString(),
        this.#generation.rowsOf,
      ],
    });
    await fenced(advancing);
  }

  /** Orders whose document was refused, as `<tenantId>.<orderId>`. */
  async parked(): Promise<Set<string>> {
    const { rows } = await this.#db.query<{ key: string }>(
      `SELECT tenant_id || '.' || order_id AS key FROM ${SHARED_SCHEMA}.quarantine
       WHERE projection = $1 AND generation = $2`,
      [SEARCH_PROJECTION, this.#generation.id],
    );
    return new Set(rows.map(({ key }) => key));
  }

  /** Puts another index in the place of the generation's own; it is filled from the beginning. @throws LeaseLost */
  async replaceIndex(token: bigint, name: string): Promise<void> {
    const replacing = this.#db.query(
      `WITH ${held('$3')}, emptied AS (
         DELETE FROM ${SHARED_SCHEMA}.checkpoints WHERE generation = $1 AND projection = '${SEARCH_PROJECTION}'
       ), renamed AS (
         UPDATE ${SHARED_SCHEMA}.generations SET search_index = $2 WHERE id = $1 RETURNING id
       ) SELECT ${requireLease}, (SELECT pg_notify('${GENERATION_CHANNEL}', id::text) FROM renamed)`,
      [this.#generation.id, name, token.toString()],
    );
    await fenced(replacing);
  }
}

interface CheckpointRow {
  readonly position: string;
  readonly write_seq: string;
}

function reachedOf([checkpoint]: readonly CheckpointRow[]): IndexReached {
  if (!checkpoint) return NOTHING_REACHED;
  return { position: BigInt(checkpoint.position), writeSeq: BigInt(checkpoint.write_seq) };
}

function held(token: string): string {
  return heldLease({ generation: '$1', projection: `'${SEARCH_PROJECTION}'`, token: `${token}::bigint` });
}

/**
 * How long a late row is kept at least, also once every index of these rows has it. A search that began before the next
 * refresh of the index does not find the row yet: it learns from the late row that what it shows of the order is stale.
 */
const KEPT_LATE = '1 minute';

const ADVANCE = `WITH ${held('$10')}, parked AS (
    INSERT INTO ${SHARED_SCHEMA}.quarantine (projection, generation, tenant_id, order_id, revision, reason)
    SELECT '${SEARCH_PROJECTION}', $1, * FROM unnest($4::text[], $5::uuid[], $6::int[], $7::text[])
    ON CONFLICT (projection, generation, tenant_id, order_id, revision)
    DO UPDATE SET reason = excluded.reason, parked_at = now()
  ), superseded AS (
    DELETE FROM ${SHARED_SCHEMA}.quarantine q
    USING unnest($4::text[], $5::uuid[], $6::int[]) AS r (tenant_id, order_id, revision)
    WHERE q.projection = '${SEARCH_PROJECTION}' AND q.generation = $1
      AND q.tenant_id = r.tenant_id AND q.order_id = r.order_id AND q.revision < r.revision
  ), recovered AS (
    DELETE FROM ${SHARED_SCHEMA}.quarantine q USING unnest($8::text[], $9::uuid[]) AS r (tenant_id, order_id)
    WHERE q.projection = '${SEARCH_PROJECTION}' AND q.generation = $1
      AND q.tenant_id = r.tenant_id AND q.order_id = r.order_id
  ), written AS (
    INSERT INTO ${SHARED_SCHEMA}.checkpoints AS c (generation, projection, position, write_seq)
    VALUES ($1, '${SEARCH_PROJECTION}', $2, $3)
    ON CONFLICT (generation, projection) DO UPDATE
    SET position = greatest(c.position, excluded.position), write_seq = excluded.write_seq, updated_at = now()
    RETURNING generation, projection, position
  ), followed AS (
    DELETE FROM ${SHARED_SCHEMA}.late_rows WHERE generation = $11 AND written_at < now() - interval '${KEPT_LATE}'
      AND write_seq <= (
        SELECT min(c.write_seq) FROM ${SHARED_SCHEMA}.generations g
        JOIN ${SHARED_SCHEMA}.checkpoints c ON c.generation = g.id AND c.projection = '${SEARCH_PROJECTION}'
        WHERE coalesce(g.rows_of, g.id) = $11)
  ) SELECT ${requireLease},
    (SELECT pg_notify('${CHECKPOINT_CHANNEL}', generation || ':' || projection || ':' || position) FROM written)`;
