import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { EventStore } from '#event-store/port.js';
import { ORDER_STREAM_PREFIX, orderStream, parseOrderStream } from '#event-store/streams.js';
import type { SkippedEvents } from '#read-models/skipped-events.js';
import type { RelayStore } from '#read-models/stores/relay.store.js';
import type { Difference } from '../verify/differences.js';
import { DELETION_REVISION } from '../quarantine/faults.js';
import { readTopic } from './topic-contents.js';

export interface VerifyTopicOptions {
  readonly eventStore: Pick<EventStore, 'subscribeToAll' | 'headPosition'>;
  readonly kafka: Kafka;
  readonly topic: string;
  readonly relay: Pick<RelayStore, 'position' | 'parked' | 'skipped'>;
  readonly signal?: AbortSignal;
  /** How long to wait for a relay that makes no progress. */
  readonly patienceMs?: number;
}

export interface VerifyTopicResult {
  readonly events: number;
  readonly messages: number;
  /** Messages that repeat another. */
  readonly repeated: number;
  /** Whether retention has removed messages: then messages missing at an order's beginning are no difference. */
  readonly trimmed: boolean;
  /** Events that the relay could not send, and those of the same orders behind them. */
  readonly parked: number;
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
}

const MAX_DIFFERENCES = 1_000;
const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 100;

/**
 * Compares the topic with the event store: every event up to the head is there, first occurrences are in order per
 * order, and every message belongs to an order that has a stream.
 * @throws when Kafka or a store is away
 */
export async function verifyTopic(options: VerifyTopicOptions): Promise<VerifyTopicResult> {
  const head = (await options.eventStore.headPosition()) ?? -1n;
  await untilRelayed(options, head);
  const parked = new Map<string, number>();
  const parkedEvents = await options.relay.parked();
  const skipped = await options.relay.skipped();
  for (const { tenantId, orderId, revision } of parkedEvents) {
    const key = `${tenantId}/${orderId}`;
    const before = [...skipped.of(orderStream(tenantId, orderId))].filter((left) => left < revision).length;
    parked.set(key, Math.min(revision - before, parked.get(key) ?? Infinity));
  }
  const seen = new Set<string>();
  const sent = new Map<string, string[]>();
  const { messages, trimmed } = await readTopic(
    options.kafka,
    options.topic,
    ({ order, eventId }) => {
      if (seen.has(eventId)) return;
      seen.add(eventId);
      const ofOrder = sent.get(order);
      if (ofOrder) ofOrder.push(eventId);
      else sent.set(order, [eventId]);
    },
    options.signal,
  );
  // Orders placed since then may be in the topic already.
  const end = (await options.eventStore.headPosition()) ?? head;
  const { events, streams } = await eventIds(options, { head, end }, skipped);
  const differences = differencesOf(streams, sent, { parked, trimmed });
  return {
    events,
    messages,
    repeated: messages - seen.size,
    trimmed,
    parked: parkedEvents.length,
    differences: differences.slice(0, MAX_DIFFERENCES),
    differenceCount: differences.length,
  };
}

async function untilRelayed({ relay, patienceMs = PATIENCE_MS, signal }: VerifyTopicOptions, head: bigint) {
  let last: bigint | null = null;
  let movedMs = performance.now();
  for (;;) {
    const position = await relay.position();
    if (position !== last) movedMs = performance.now();
    last = position;
    if ((position ?? -1n) >= head || performance.now() - movedMs >= patienceMs) return;
    await delay(LOOK_EVERY_MS, undefined, signal ? { signal } : {});
  }
}

/**
 * Event ids of each order up to the head, in the order of its stream; none for an order that began between head
 * and end.
 */
async function eventIds(
  { eventStore, signal }: VerifyTopicOptions,
  { head, end }: { readonly head: bigint; readonly end: bigint },
  skipped: SkippedEvents,
): Promise<{ events: number; streams: Map<string, string[]> }> {
  const streams = new Map<string, string[]>();
  let events = 0;
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  try {
    const all = eventStore.subscribeToAll({ after: null, streamPrefix: ORDER_STREAM_PREFIX, signal: either });
    for await (const message of all) {
      if (message.kind === 'caught_up') break;
      if (message.kind !== 'event') continue;
      if (message.event.position > end) break;
      const key = parseOrderStream(message.event.stream);
      if (key === null) continue; // the relay leaves out streams that belong to no order
      const order = `${key.tenantId}/${key.orderId}`;
      if (message.event.position > head) {
        if (!streams.has(order)) streams.set(order, []);
        continue;
      }
      events += 1;
      if (skipped.of(message.event.stream).has(Math.min(message.event.revision, DELETION_REVISION))) continue;
      const ofOrder = streams.get(order);
      if (ofOrder) ofOrder.push(message.event.eventId);
      else streams.set(order, [message.event.eventId]);
    }
    signal?.throwIfAborted();
    return { events, streams };
  } finally {
    stop.abort();
  }
}

interface Allowances {
  /** By order, how many of its events were sent before the first parked one. */
  readonly parked: ReadonlyMap<string, number>;
  readonly trimmed: boolean;
}

/** Exported for its specification: what a topic may lack, and what it may not. */
export function differencesOf(
  streams: ReadonlyMap<string, readonly string[]>,
  sent: ReadonlyMap<string, readonly string[]>,
  { parked, trimmed }: Allowances,
): Difference[] {
  const found: Difference[] = [];
  for (const [order, ids] of streams) {
    const expected = ids.slice(0, parked.get(order));
    const actual = sent.get(order) ?? [];
    const from = trimmed ? startOf(expected, actual) : 0;
    const at = expected.slice(from).findIndex((id, index) => actual[index] !== id);
    if (at === -1) continue; // all expected ones are there; later ones may have been sent since
    found.push(difference(order, `event ${from + at}`, expected[from + at], actual[at]));
  }
  for (const [order, [first]] of sent) {
    if (!streams.has(order)) found.push(difference(order, 'an order without a stream', undefined, first));
  }
  return found;
}

/** Where in the stream the first message belongs; the end of the stream when there is no message. */
function startOf(expected: readonly string[], actual: readonly string[]): number {
  const [first] = actual;
  return first === undefined ? expected.length : Math.max(0, expected.indexOf(first));
}

function difference(order: string, path: string, expected: string | undefined, actual?: string): Difference {
  const [tenantId = '', orderId = ''] = order.split('/');
  const kind = 'topic';
  return {
    tenantId,
    orderId,
    kind,
    path: `topic: ${path}`,
    expected: expected ?? null,
    actual: actual ?? null,
  };
}
