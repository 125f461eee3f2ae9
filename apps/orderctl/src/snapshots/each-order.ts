import { StreamDeleted, UnreadableEvent } from '#event-store/errors.js';
import { OrderStreams } from '#event-store/order-streams.js';
import type { ExactEventStore } from '#event-store/port.js';
import type { SnapshotStore } from '#event-store/snapshots/snapshot-store.js';
import type { Patience } from '../events/stored-order-events.js';

/** What all work on snapshots needs. */
export interface SnapshotWork {
  readonly store: ExactEventStore;
  readonly snapshots: SnapshotStore;
  readonly streams: OrderStreams;
  readonly patience: Patience;
  /** Told how many events were seen so far, while the orders are looked for. */
  readonly onLooked: (events: number) => void;
  readonly onStart: (orders: number) => void;
  readonly onOrder: () => void;
  readonly stopAsked: () => boolean;
}

/** An order that a person has to look at. */
export interface Finding {
  readonly stream: string;
  readonly what: string;
}

/** The result of going through the orders. */
export interface Counted {
  readonly orders: number;
  /** Number of orders by outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  /** Whether the work was stopped before it had gone through all orders. */
  readonly stopped: boolean;
}

export interface Outcome {
  readonly outcome: string;
  /** Why a person has to look at the order, if so. */
  readonly finding?: string;
}

const FINDINGS_MAX = 1_000;

/**
 * Works on one order after another. A stop takes effect between two orders. While the event store is away, it
 * waits.
 *
 * @throws CliError when the event store stays away
 * @throws Stopped while it is away
 */
export async function eachOrder(
  orders: readonly string[],
  { patience, onStart, onOrder, stopAsked }: SnapshotWork,
  work: (stream: string) => Promise<Outcome>,
): Promise<Counted> {
  onStart(orders.length);
  const outcomes: Record<string, number> = {};
  const findings: Finding[] = [];
  let done = 0;
  for (const stream of orders) {
    if (stopAsked()) break;
    const { outcome, finding } = await patiently(patience, () => orUnreadable(() => work(stream)));
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    if (finding !== undefined && findings.length < FINDINGS_MAX) findings.push({ stream, what: finding });
    done++;
    onOrder();
  }
  return { orders: done, outcomes, findings, stopped: done < orders.length };
}

async function patiently<T>(patience: Patience, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const result = await work();
      patience.answered();
      return result;
    } catch (error) {
      // After an append of unknown outcome, the work on the order is repeated: it finds out whether the event is
      // stored.
      await patience.wait(error);
    }
  }
}

async function orUnreadable(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnreadableEvent || error instanceof StreamDeleted) {
      return { outcome: 'unreadable', finding: error.message };
    }
    throw error;
  }
}
