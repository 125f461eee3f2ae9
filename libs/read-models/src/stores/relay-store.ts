import type { Queryable } from '../generations.js';
import { SHARED_SCHEMA } from '../schema.js';
import { fenced, heldLease, requireLease } from './fence.js';
import type { LeaseKey } from './leases.store.js';

/** A topic of one cluster. */
export interface RelayTarget {
  readonly clusterId: string;
  readonly topic: string;
}

/** An event that could not be sent. Its order's later events wait behind it. */
export interface ParkedEvent {
  readonly tenantId: string;
  readonly orderId: string;
  readonly revision: number;
  readonly position: bigint;
  readonly reason: string;
}

interface ParkedRow {
  readonly tenant_id: string;
  readonly order_id: string;
  readonly revision: number;
  readonly position: string;
  readonly reason: string;
}

/** Events that wait for one topic are not waited for in another. */
export function relayProjection({ clusterId, topic }: RelayTarget): string {
  return `relay:${clusterId}:${topic}`;
}

/** The right to send to it; it belongs to no generation of read models. */
export function relayLease(target: RelayTarget): LeaseKey {
  return { generation: 0, projection: relayProjection(target) };
}

/** How far the relay is in one topic, and what could not be sent there. */
export class RelayStore {
  readonly #db: Queryable;
  readonly #target: RelayTarget;

  constructor(db: Queryable, target: RelayTarget) {
    this.#db = db;
    this.#target = target;
  }

  /** All events up to here are in the topic, or parked; null: nothing was sent yet. */
  async position(): Promise<bigint | null> {
    const { rows } = await this.#db.query<{ position: string }>(
      `SELECT position FROM ${SHARED_SCHEMA}.relays WHERE cluster_id = $1 AND topic = $2`,
      [this.#target.clusterId, this.#target.topic],
    );
    return rows[0] ? BigInt(rows[0].position) : null;
  }

  /** In one transaction of the owner with that token: the position, and what is parked on the way to it. @throws LeaseLost */
  async advance(token: bigint, position: bigint, parked: readonly ParkedEvent[]): Promise<void> {
    const advancing = this.#db.query({
      name: 'advance_relay',
      text: ADVANCE,
      values: [
        this.#target.clusterId,
        this.#target.topic,
        position.toString(),
        relayProjection(this.#target),
        parked.map(({ tenantId }) => tenantId),
        parked.map(({ orderId }) => orderId),
        parked.map(({ revision }) => revision),
        parked.map((event) => event.position.toString()),
        parked.map(({ reason }) => reason),
        token.toString(),
      ],
    });
    await fenced(advancing);
  }

  /** As if nothing had been sent yet. Returns false when nothing had. */
  async forget(): Promise<boolean> {
    const { clusterId, topic } = this.#target;
    const { rows } = await this.#db.query<{ forgotten: boolean }>(
      `WITH parked AS (DELETE FROM ${SHARED_SCHEMA}.quarantine WHERE projection = $3 AND generation = 0),
         made AS (DELETE FROM ${SHARED_SCHEMA}.made_from WHERE projection = $3 AND generation = 0),
         sent AS (DELETE FROM ${SHARED_SCHEMA}.relays WHERE cluster_id = $1 AND topic = $2 RETURNING 1)
       SELECT EXISTS (SELECT FROM sent) AS forgotten`,
      [clusterId, topic, relayProjection(this.#target)],
    );
    return rows[0]!.forgotten;
  }

  /** By order, each order's in the order of its stream. */
  async parked(): Promise<ParkedEvent[]> {
    const { rows } = await this.#db.query<ParkedRow>(
      `SELECT tenant_id, order_id, revision, position, reason FROM ${SHARED_SCHEMA}.quarantine
       WHERE projection = $1 AND generation = 0 ORDER BY tenant_id, order_id, revision`,
      [relayProjection(this.#target)],
    );
    return rows.map((row) => ({
      tenantId: row.tenant_id,
      orderId: row.order_id,
      revision: row.revision,
      position: BigInt(row.position),
      reason: row.reason,
    }));
  }

  /** After another try: those below the revision were sent; it, should there be one, was not. */
  async tried(
    token: bigint,
    { tenantId, orderId }: ParkedEvent,
    sentBelow: number,
    reason: string | null,
  ): Promise<void> {
    const values = [relayProjection(this.#target), tenantId, orderId, sentBelow, reason, token.toString()];
    const trying = this.#db.query(
      `WITH ${HELD_BY_TRIER}, sent AS (
         DELETE FROM ${SHARED_SCHEMA}.quarantine WHERE projection = $1 AND generation = 0
           AND tenant_id = $2 AND order_id = $3 AND revision < $4
       ), stuck AS (
         UPDATE ${SHARED_SCHEMA}.quarantine SET reason = $5 WHERE projection = $1 AND generation = 0
           AND tenant_id = $2 AND order_id = $3 AND revision = $4 AND $5::text IS NOT NULL
       ) SELECT ${requireLease}`,
      values,
    );
    await fenced(trying);
  }
}

const HELD_BY_TRIER = heldLease({ generation: '0', projection: '$1', token: '$6::bigint' });
const HELD = heldLease({ generation: '0', projection: '$4', token: '$10::bigint' });

const ADVANCE = `WITH ${HELD}, parked AS (
    INSERT INTO ${SHARED_SCHEMA}.quarantine
      (projection, generation, tenant_id, order_id, revision, position, reason)
    SELECT $4, 0, * FROM unnest($5::text[], $6::uuid[], $7::int[], $8::bigint[], $9::text[])
    ON CONFLICT (projection, generation, tenant_id, order_id, revision)
    DO UPDATE SET reason = excluded.reason, position = excluded.position
  ), sent AS (
    INSERT INTO ${SHARED_SCHEMA}.relays (cluster_id, topic, position) VALUES ($1, $2, $3)
    ON CONFLICT (cluster_id, topic) DO UPDATE SET position = excluded.position, updated_at = now()
  ) SELECT ${requireLease}`;
