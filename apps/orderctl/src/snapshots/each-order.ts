import { StreamDeleted, UnreadableEvent } from '#event-store/errors.js';
import { OrderStreams } from '#event-store/order-streams.js';
import type { ExactEventStore } from '#event-store/port.js';
import type { SnapshotStore } from '#event-store/snapshots/snapshot-store.js';
import type { Patience } from '../events/stored-order-events.js';

/** What the work on snapshots is given. */
export interface SnapshotWork {
  readonly store: ExactEventStore;
  readonly snapshots: SnapshotStore;
  readonly streams: OrderStreams;
  readonly patience: Patience;
  /** Told while it looks for the orders: how many events it has seen. */
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

/** What came of going through orders. */
export interface Counted {
  readonly orders: number;
  /** How many orders came to what. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  /** It was stopped before it had gone through all. */
  readonly stopped: boolean;
}

export interface Outcome {
  readonly outcome: string;
  /** Where a person has to look: why. */
  readonly finding?: string;
}

const FINDINGS_MAX = 1_000;

/**
 * One order after another, each as a whole: it may be stopped between two. While the event store is away, it waits.
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
      // Whether an append of unknown outcome is stored shows when it is looked at again.
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
