import type { Logger } from '#platform/logging.js';
import { EventReader } from '../storage/event-reader.js';
import { RecentEvents } from '../storage/recent-events.js';
import { StreamCache } from '../storage/stream-cache.js';
import { StreamStates } from '../storage/stream-states.js';
import { Writer } from '../storage/writer.js';
import { TAKEN_OVER_AFTER_MS, WriterSession } from '../storage/writer-session.js';
import { LiveSignals } from './live-signals.js';

const RECENT_LIMITS = { maxEvents: 10_000, maxBytes: 8 * 1024 * 1024 };
const CACHE_LIMITS = { maxBytes: 64 * 1024 * 1024, maxStreamBytes: 256 * 1024 };
const STATES_MAX = 50_000;

/** The parts that the calls work on. */
export interface Store {
  reader: EventReader;
  writer: Writer;
  states: StreamStates;
  recent: RecentEvents;
  cache: StreamCache;
  signals: LiveSignals;
  logger: Logger;
  /** Position of the last event in the log. While another store may write, only PostgreSQL can tell. */
  lastPosition(): number | Promise<number>;
  /** Finishes the writes under way and closes the connections to PostgreSQL. */
  close(): Promise<void>;
}

/**
 * Longest wait for PostgreSQL. If a network swallows its answers without closing the connection, nothing else
 * would ever end the wait. A page or a batch is bounded in events and bytes, and takes milliseconds.
 */
const ANSWER_LIMIT_MS = 10_000;

export interface StoreOptions {
  readonly postgresUrl: string;
  readonly logger: Logger;
  /** Called, with the reason in one line, when what this store knows of the streams no longer holds: it cannot go on. */
  readonly onOutdated: (why: string) => void;
  /** Longest wait for PostgreSQL. */
  readonly answerLimitMs?: number | undefined;
  readonly takenOverAfterMs?: number | undefined;
}

/** @throws Error in one line when PostgreSQL cannot be reached or another server writes there. */
export async function openStore({
  postgresUrl,
  logger,
  onOutdated,
  answerLimitMs = ANSWER_LIMIT_MS,
  takenOverAfterMs = TAKEN_OVER_AFTER_MS,
}: StoreOptions): Promise<Store> {
  const signals = new LiveSignals();
  const session = new WriterSession(
    { postgresUrl, logger, answerLimitMs, takenOverAfterMs },
    {
      lost: () => writer.failQueued(),
      takenOver: () => onOutdated('another event store writes to the database now: stop one of them'),
      recovered: (last) => {
        // Readers hold positions of events that no longer exist. All of them have to start again to find out.
        if (last < recent.lastPosition)
          onOutdated(
            `the database ends at position ${last}, before events that were acknowledged: it is an older copy`,
          );
        writer.restart(last);
        signals.raiseAll();
      },
    },
  );
  const recent = new RecentEvents(await session.open(), RECENT_LIMITS);
  const cache = new StreamCache(CACHE_LIMITS);
  const reader = new EventReader(postgresUrl, logger, answerLimitMs);
  const states = new StreamStates(reader, STATES_MAX);
  const committed = signals.committed.bind(signals);
  const writer = new Writer({ session, reader, states, recent, cache, logger, committed });
  const close = async () => {
    await writer.close();
    await session.close();
    await reader.close();
  };
  const lastPosition = () => (session.isUp ? recent.lastPosition : reader.lastPosition());
  return { reader, writer, states, recent, cache, signals, logger, lastPosition, close };
}
