import type { Reached } from '../generations/made-from.js';
import type { Queryable } from '../queryable.js';
import type { ProjectionKey } from '../projection-key.js';
import { SHARED_SCHEMA } from '../schema.js';
import { fenced, heldLease, requireLease } from './fence.js';
import type { SkippedEvents } from '../skipped-events.js';
import { keyArrays, type OrderKey } from '../order-key.js';
import { parkedEvents, storableText, type EventToPark, type ParkedEvent } from './quarantine.store.js';
import { addSkip, skippedByAny, skippedEvents, type Skip } from './skips.store.js';

/** A topic of one cluster. */
export interface RelayTarget {
  readonly clusterId: string;
  readonly topic: string;
}

/** By partition, the offset of the next write. It only grows, even where retention removes messages. */
export type TopicEnds = readonly bigint[];

/** How far the relay is. */
export interface RelayReached extends Reached {
  /** Of the topic, with all messages up to the position; null: not known, as an earlier release did not note them. */
  readonly ends: TopicEnds | null;
}

interface ReachedRow {
  readonly position: string;
  readonly last_stream: string | null;
  readonly last_revision: number | null;
  readonly last_event_id: string | null;
  readonly ends: readonly string[] | null;
}

const PREFIX = 'relay:';

/**
 * The name of the relay's projection. Each topic has its own: an event that is parked for one does not block
 * another.
 */
export function relayProjection({ clusterId, topic }: RelayTarget): string {
  return `${PREFIX}${clusterId}:${topic}`;
}

/** The events that people skipped in any relay. */
export function skippedByRelays(db: Queryable): Promise<SkippedEvents> {
  return skippedByAny(db, PREFIX);
}

/** The lease of the relay to a topic; it belongs to no generation of read models. */
export function relayLease(target: RelayTarget): ProjectionKey {
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

  /**
   * All events up to here are in the topic, or parked; null: nothing was sent yet. Others than the owner may ask before
   * the tables are of this release.
   */
  async position(): Promise<bigint | null> {
    const { rows } = await this.#db.query<{ position: string }>(
      `SELECT position FROM ${SHARED_SCHEMA}.relays WHERE cluster_id = $1 AND topic = $2`,
      [this.#target.clusterId, this.#target.topic],
    );
    return rows[0] ? BigInt(rows[0].position) : null;
  }

  /** The position, and what an earlier release did not note: the last event up to there, and the ends. For the owner. */
  async reached(): Promise<RelayReached> {
    const { rows } = await this.#db.query<ReachedRow>(
      `SELECT position, last_stream, last_revision, last_event_id, ends FROM ${SHARED_SCHEMA}.relays
       WHERE cluster_id = $1 AND topic = $2`,
      [this.#target.clusterId, this.#target.topic],
    );
    const [row] = rows;
    if (!row) return { position: null, lastEvent: null, ends: null };
    const { last_stream: stream, last_revision: revision, last_event_id: eventId } = row;
    return {
      position: BigInt(row.position),
      lastEvent: stream === null ? null : { stream, revision: revision!, eventId: eventId! },
      ends: row.ends?.map(BigInt) ?? null,
    };
  }

  /**
   * Stores how far it is, and the events that were parked up to there, in one transaction of the owner with that
   * token. A last event that is null leaves the one that is stored.
   * @throws LeaseLost
   */
  async advance(
    token: bigint,
    { position, lastEvent, ends }: RelayReached & { readonly position: bigint },
    parked: readonly EventToPark[],
  ): Promise<void> {
    const advancing = this.#db.query({
      name: 'advance_relay',
      text: ADVANCE,
      values: [
        this.#target.clusterId,
        this.#target.topic,
        position.toString(),
        relayProjection(this.#target),
        ...keyArrays(parked),
        parked.map(({ revision }) => revision),
        parked.map((event) => event.position?.toString()),
        parked.map(({ reason }) => storableText(reason)),
        token.toString(),
        parked.map(({ eventId }) => eventId),
        parked.map(({ type }) => type && storableText(type)),
        parked.map(({ kind }) => kind),
        parked.map(({ tries }) => tries),
        lastEvent?.stream,
        lastEvent?.revision,
        lastEvent?.eventId,
        ends?.map(String),
      ],
    });
    await fenced(advancing);
  }

  /**
   * Forgets the position and what is parked, as if nothing had been sent. Only the owner with that token may do
   * it: a relay that is sending has its position in memory and would store it again.
   * @returns false: nothing had been sent
   * @throws LeaseLost
   */
  async forget(token: bigint): Promise<boolean> {
    const { clusterId, topic } = this.#target;
    const forgetting = this.#db.query<{ forgotten: boolean }>(
      `WITH ${HELD_BY_FORGETTER},
         parked AS (DELETE FROM ${SHARED_SCHEMA}.quarantine WHERE projection = $3 AND generation = 0),
         made AS (DELETE FROM ${SHARED_SCHEMA}.made_from WHERE projection = $3 AND generation = 0),
         sent AS (DELETE FROM ${SHARED_SCHEMA}.relays WHERE cluster_id = $1 AND topic = $2 RETURNING 1)
       SELECT EXISTS (SELECT FROM sent) AS forgotten, ${requireLease}`,
      [clusterId, topic, relayProjection(this.#target), token.toString()],
    );
    const { rows } = await fenced(forgetting);
    return rows[0]!.forgotten;
  }

  /** The parked events by order, each order's in the order of its stream. */
  parked(): Promise<ParkedEvent[]> {
    return parkedEvents(this.#db, relayLease(this.#target));
  }

  /** The events that people skipped in this relay. */
  skipped(): Promise<SkippedEvents> {
    return skippedEvents(this.#db, { projection: relayProjection(this.#target) });
  }

  /** Leaves an event out from now on. */
  async skip(skip: Omit<Skip, 'projection' | 'skippedAt'>): Promise<void> {
    await addSkip(this.#db, { projection: relayProjection(this.#target), ...skip });
  }

  /**
   * Records another try: events below `sentBelow` were sent. With a reason, the event at `sentBelow` could not be
   * sent.
   * @throws LeaseLost
   */
  async tried(
    token: bigint,
    { tenantId, orderId }: OrderKey,
    sentBelow: number,
    reason: string | null,
  ): Promise<void> {
    const values = [
      relayProjection(this.#target),
      tenantId,
      orderId,
      sentBelow,
      reason && storableText(reason),
      token.toString(),
    ];
    const trying = this.#db.query(
      `WITH ${HELD_BY_TRIER}, sent AS (
         DELETE FROM ${SHARED_SCHEMA}.quarantine WHERE projection = $1 AND generation = 0
           AND tenant_id = $2 AND order_id = $3 AND revision < $4::bigint
       ), stuck AS (
         UPDATE ${SHARED_SCHEMA}.quarantine SET reason = $5, kind = 'permanent', tries = tries + 1,
           first_tried_at = coalesce(first_tried_at, now()), last_tried_at = now() WHERE projection = $1 AND generation = 0
           AND tenant_id = $2 AND order_id = $3 AND revision = $4::bigint AND $5::text IS NOT NULL
       ) SELECT ${requireLease}`,
      values,
    );
    await fenced(trying);
  }
}

const HELD_BY_FORGETTER = heldLease({ generation: '0', projection: '$3', token: '$4::bigint' });
const HELD_BY_TRIER = heldLease({ generation: '0', projection: '$1', token: '$6::bigint' });
const HELD = heldLease({ generation: '0', projection: '$4', token: '$10::bigint' });

const TRIED = `CASE kind WHEN 'behind' THEN NULL ELSE now() END`;

const ADVANCE = `WITH ${HELD}, parked AS (
    INSERT INTO ${SHARED_SCHEMA}.quarantine (projection, generation, tenant_id, order_id, revision, position, reason,
      event_id, type, kind, tries, first_tried_at, last_tried_at)
    SELECT $4, 0, p.*, ${TRIED}, ${TRIED}
    FROM unnest($5::text[], $6::uuid[], $7::int[], $8::bigint[], $9::text[], $11::uuid[], $12::text[], $13::text[],
      $14::int[]) AS p (tenant_id, order_id, revision, position, reason, event_id, type, kind, tries)
    ON CONFLICT (projection, generation, tenant_id, order_id, revision)
    DO UPDATE SET reason = excluded.reason, position = excluded.position, kind = excluded.kind,
      tries = excluded.tries
  ), sent AS (
    INSERT INTO ${SHARED_SCHEMA}.relays AS r (cluster_id, topic, position, last_stream, last_revision, last_event_id,
      ends)
    VALUES ($1, $2, $3, $15, $16, $17, $18::bigint[])
    ON CONFLICT (cluster_id, topic) DO UPDATE SET position = excluded.position, updated_at = now(), ends = excluded.ends,
      last_stream = coalesce(excluded.last_stream, r.last_stream),
      last_revision = coalesce(excluded.last_revision, r.last_revision),
      last_event_id = coalesce(excluded.last_event_id, r.last_event_id)
  ) SELECT ${requireLease}`;
