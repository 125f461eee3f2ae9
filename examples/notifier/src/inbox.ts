import type { Pool, PoolClient } from 'pg';
import { channels, recipientOn, type MessageKey } from './channels.js';
import { HELD_LIMIT_MS, inTransaction, whileHeld } from './database.js';
import type { OrderEvent, RawMessage } from './order-event.js';
import { isChosen, preferencesOfAll, type Preferences } from './preferences.js';

/** An event that leads to messages, and the Kafka message that it came in. */
export interface Received {
  readonly event: OrderEvent;
  readonly raw: RawMessage;
}

/** A message that is due. It is locked until its transaction ends, so that no other sender gets it. */
export interface DueMessage extends MessageKey {
  readonly raw: RawMessage;
  /** Tries that failed and count towards the limit. */
  readonly attempts: number;
  /** Tries that do not count: an engine was away, or query-api was behind. */
  readonly waits: number;
}

/** Why there is nothing to send: the README has each of them. */
export const skipReasons = ['not chosen', 'no address', 'personal data erased', 'shipment lost'] as const;
export type SkipReason = (typeof skipReasons)[number];

/** What became of a message. */
export type Outcome =
  | { readonly state: 'sent' }
  | { readonly state: 'skipped'; readonly reason: SkipReason }
  | { readonly state: 'dead'; readonly reason: string }
  | {
      readonly state: 'waiting';
      readonly reason: string;
      readonly counted: boolean;
      readonly pauseMs: number;
    };

export interface Counts {
  readonly waiting: number;
  readonly sent: number;
  readonly skipped: number;
  readonly dead: number;
  /** Of the message that has waited longest. */
  readonly oldestWaitingSeconds: number;
}

/** Every message that ever was to be sent, and what became of it. */
export class Inbox {
  readonly #pool: Pool;
  readonly #heldLimitMs: number;

  /** @param heldLimitMs the one that the database was opened with */
  constructor(pool: Pool, heldLimitMs = HELD_LIMIT_MS) {
    this.#pool = pool;
    this.#heldLimitMs = heldLimitMs;
  }

  /**
   * Stores the messages of these events. All of them are stored once this returns. Messages that were stored
   * before are left as they are.
   *
   * @returns how many messages are new
   */
  async accept(received: readonly Received[]): Promise<number> {
    if (received.length === 0) return 0;
    const preferences = await preferencesOfAll(
      this.#pool,
      received.map(({ event }) => event.customerId),
    );
    const rows = received.flatMap((each) => rowsOf(each, preferences));
    const { rowCount } = await this.#pool.query(
      `INSERT INTO inbox (event_id, recipient, type, order_id, revision, event, state, reason, settled_at)
       SELECT event_id, recipient, type, order_id, revision, event, state, reason,
              CASE WHEN state <> 'waiting' THEN now() END
       FROM json_to_recordset($1) AS rows (event_id uuid, recipient text, type text, order_id uuid, revision integer,
                                           event json, state text, reason text)
       ON CONFLICT (event_id, recipient, type) DO NOTHING`,
      [JSON.stringify(rows)],
    );
    return rowCount ?? 0;
  }

  /**
   * Hands out a message that is due, and stores its outcome in the transaction that locks it, however long the attempt
   * takes. When this process dies, PostgreSQL unlocks the message, which is as it was.
   *
   * No message overtakes an earlier one to the same recipient about the same order: that one has to be settled first.
   *
   * @returns false when no message is due
   */
  next(attempt: (message: DueMessage, client: PoolClient) => Promise<Outcome>): Promise<boolean> {
    return inTransaction(this.#pool, async (client) => {
      const { rows } = await client.query<DueMessage>(
        `SELECT event_id AS "eventId", recipient, type, event AS raw, attempts, waits
         FROM inbox AS message
         WHERE state = 'waiting' AND next_try_at <= now() AND NOT EXISTS (
           SELECT FROM inbox AS earlier
           WHERE earlier.order_id = message.order_id AND earlier.recipient = message.recipient
             AND earlier.state = 'waiting' AND earlier.revision < message.revision
         )
         ORDER BY next_try_at, revision LIMIT 1 FOR UPDATE OF message SKIP LOCKED`,
      );
      const [message] = rows;
      if (message === undefined) return false;
      const outcome = await whileHeld(client, this.#heldLimitMs, () => attempt(message, client));
      await note(client, message, outcome);
      return true;
    });
  }

  /** Makes a dead message wait for its first try again. @returns false when it is not dead */
  async revive({ eventId, recipient, type }: MessageKey): Promise<boolean> {
    const { rowCount } = await this.#pool.query(
      `UPDATE inbox SET state = 'waiting', reason = NULL, attempts = 0, waits = 0, next_try_at = now(), settled_at = NULL
       WHERE event_id = $1 AND recipient = $2 AND type = $3 AND state = 'dead'`,
      [eventId, recipient, type],
    );
    return rowCount === 1;
  }

  /** @returns null when there is no such message */
  async stateOf({ eventId, recipient, type }: MessageKey): Promise<string | null> {
    const { rows } = await this.#pool.query<{ state: string }>(
      'SELECT state FROM inbox WHERE event_id = $1 AND recipient = $2 AND type = $3',
      [eventId, recipient, type],
    );
    return rows[0]?.state ?? null;
  }

  async counts(): Promise<Counts> {
    const { rows } = await this.#pool.query<Counts>(
      `SELECT count(*) FILTER (WHERE state = 'waiting')::int AS waiting,
              count(*) FILTER (WHERE state = 'sent')::int AS sent,
              count(*) FILTER (WHERE state = 'skipped')::int AS skipped,
              count(*) FILTER (WHERE state = 'dead')::int AS dead,
              coalesce(extract(epoch FROM now() - min(received_at) FILTER (WHERE state = 'waiting')), 0)::int
                AS "oldestWaitingSeconds"
       FROM inbox`,
    );
    return rows[0]!;
  }
}

/** A row for every channel, also for one that is not chosen: that row tells why nothing was sent. */
function rowsOf({ event, raw }: Received, preferences: (customerId: string | null) => Preferences): object[] {
  const { eventId, orderId, revision, customerId, messageType } = event;
  return channels.map((channel) => {
    const chosen = isChosen(channel, messageType, preferences(customerId));
    return {
      event_id: eventId,
      recipient: recipientOn(channel, customerId),
      type: messageType,
      order_id: orderId,
      revision,
      event: raw,
      state: chosen ? 'waiting' : 'skipped',
      reason: chosen ? null : NOT_CHOSEN,
    };
  });
}

export const NOT_CHOSEN: SkipReason = 'not chosen';

async function note(client: PoolClient, key: MessageKey, outcome: Outcome): Promise<void> {
  const ofMessage = [key.eventId, key.recipient, key.type];
  if (outcome.state === 'waiting') {
    const { reason, counted, pauseMs } = outcome;
    await client.query(
      `UPDATE inbox SET reason = $4, attempts = attempts + $5, waits = waits + $6,
         next_try_at = clock_timestamp() + $7 * interval '1 millisecond'
       WHERE event_id = $1 AND recipient = $2 AND type = $3`,
      [...ofMessage, reason, counted ? 1 : 0, counted ? 0 : 1, pauseMs],
    );
    return;
  }
  const reason = outcome.state === 'sent' ? null : outcome.reason;
  await client.query(
    `UPDATE inbox SET state = $4, reason = $5, attempts = attempts + $6, settled_at = clock_timestamp()
     WHERE event_id = $1 AND recipient = $2 AND type = $3`,
    [...ofMessage, outcome.state, reason, outcome.state === 'dead' ? 1 : 0],
  );
}
