import type { RawEvent } from '#event-store/port.js';
import type { Queryable } from '../queryable.js';
import { GENERATION_CHANNEL, SHARED_SCHEMA } from '../schema.js';
import { rowsOrNone } from '../stores/rows-or-none.js';

/** What a projection makes, with a checkpoint of its own. */
export interface Made {
  /** 0: of no generation. */
  readonly generation: number;
  readonly projection: string;
}

/** Positions mean something in one event store alone: what was made from one cannot be continued from another. */
export class MadeFromAnotherStore extends Error {}

/** An event and where it was when it was read. */
export type SeenEvent = Pick<RawEvent, 'stream' | 'revision' | 'eventId'>;

/** An event store as it is when it answers. */
export interface StoreNow {
  readonly storeId: string;
  readonly headPosition: bigint | null;
  /** Whether it has lost the event: there is another one in its place, or none, and nobody has deleted it. */
  readonly lacks: (event: SeenEvent) => Promise<boolean>;
}

/** How far a projection has come. */
export interface Reached {
  /** Its checkpoint; null: it is at the beginning. */
  readonly position: bigint | null;
  /** The last event that it took up to there; null: it took none, or that is not known. */
  readonly lastEvent: SeenEvent | null;
}

/**
 * Identity of the event store that it was made from; null: not known, because an earlier release made it, or it
 * was not begun.
 */
export async function madeFrom(db: Queryable, { generation, projection }: Made): Promise<string | null> {
  const [row] = await rowsOrNone<{ store_id: string }>(
    db,
    `SELECT store_id FROM ${SHARED_SCHEMA}.made_from WHERE generation = $1 AND projection = $2`,
    [generation, projection],
  );
  return row?.store_id ?? null;
}

/**
 * Records which event store it is made from, once and for all. What an earlier release made is taken to be of the
 * first store that it meets. To be called by the owner before it goes on from its checkpoint.
 *
 * @param remedy what a person can do when it is of another store
 * @throws MadeFromAnotherStore when it was made from another one, or from events that this one no longer has
 */
export async function bindToStore(
  db: Queryable,
  { generation, projection }: Made,
  { position, lastEvent }: Reached,
  { storeId, headPosition, lacks }: StoreNow,
  remedy: string,
): Promise<void> {
  await db.query(
    `WITH bound AS (
       INSERT INTO ${SHARED_SCHEMA}.made_from (generation, projection, store_id) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING RETURNING generation
     ) SELECT pg_notify('${GENERATION_CHANNEL}', generation::text) FROM bound`,
    [generation, projection, storeId],
  );
  const boundTo = await madeFrom(db, { generation, projection });
  const what =
    generation === 0
      ? `${projection} was made`
      : `projection ${projection} of generation ${generation} was made`;
  if (boundTo !== storeId) {
    throw new MadeFromAnotherStore(`${what} from event store ${boundTo}, but this is ${storeId}: ${remedy}`);
  }
  if (position !== null && position > (headPosition ?? -1n)) {
    const end = headPosition === null ? 'ends before the first event' : `ends at position ${headPosition}`;
    throw new MadeFromAnotherStore(
      `${what} up to position ${position}, but the event store ${end}, as an older copy of it does: ${remedy}`,
    );
  }
  // Where other events were appended to an older copy, it ends no earlier. What it lost was its end.
  if (lastEvent !== null && (await lacks(lastEvent))) {
    const { stream, revision, eventId } = lastEvent;
    throw new MadeFromAnotherStore(
      `${what} up to event ${eventId}, but the event store does not have it at revision ${revision} of ${stream}, as an older copy of it does not: ${remedy}`,
    );
  }
}
