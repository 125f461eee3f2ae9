import { randomUUID } from 'node:crypto';
import { v5 as uuidV5 } from 'uuid';
import { recorded } from '#domain/decider.js';
import type { Order, OrderState } from '#domain/order/state.js';
import { decide, evolve, type OrderCommand } from '#domain/order/order.js';
import { instantAt } from '#domain/instant.js';
import { encode } from '#event-store/codec.js';
import type { RawEvent } from '#event-store/port.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import { foldFingerprint } from '#event-store/snapshots/fold-fingerprint.js';
import { SnapshotCodec } from '#event-store/snapshots/snapshot-codec.js';
import { orderStream, snapshotStream } from '#event-store/streams.js';
import { searchDocumentOf } from '#read-models/search/search-document.js';
import { eventIds } from '../../../apps/command-api/src/handling/event-ids.js';
import { expectedColumns, expectedDocument, expectedSummary, expectedToldName } from './expected-rows.js';
import type { ColumnValues, CommandAttempt, Facts } from './facts.js';

/** Facts that a test may change. */
export type Changeable<T> =
  T extends ReadonlyMap<infer Key, infer Value>
    ? Map<Key, Value>
    : T extends ReadonlySet<infer Value>
      ? Set<Value>
      : T extends object
        ? { -readonly [Key in keyof T]: Changeable<T[Key]> }
        : T;

const TENANT = 'default';
const WRITE_SEQ_PER_ORDER = 10;

/** The facts that a faultless system would leave after some orders got the same commands each. */
export async function someFacts(
  orders: number,
  commandsOf: (orderId: string) => readonly (OrderCommand | ((order: Order) => OrderCommand))[],
): Promise<Facts> {
  const facts = {
    commands: [] as CommandAttempt[],
    log: [] as RawEvent[],
    streams: new Map<string, string[]>(),
    snapshots: [] as RawEvent[],
    orders: [] as ColumnValues[],
    history: [] as ColumnValues[],
    documents: [] as NonNullable<Facts['documents']>[number][],
    messages: [] as NonNullable<Facts['messages']>[number][],
    feed: [] as Facts['feed'][number][],
    reads: [] as Facts['reads'][number][],
    revisions: new Map<string, number>(),
  };
  for (let number = 0; number < orders; number++) {
    const orderId = randomUUID();
    let order: OrderState = null;
    for (const asked of commandsOf(orderId)) {
      const command: OrderCommand = typeof asked === 'function' ? asked(order!) : asked;
      order = await handled(facts, orderId, order, command);
    }
    if (order === null) throw new Error('an order is placed first');
    facts.snapshots.push(await snapshotOf(order));
    const writeSeq = (number + 1) * WRITE_SEQ_PER_ORDER;
    const key = `${TENANT}.${orderId}`;
    facts.orders.push({
      ...{ ...expectedColumns(order), document: expectedDocument(order), personal: order.personal },
      write_seq: String(writeSeq),
    });
    const source = { ...searchDocumentOf(order) };
    facts.documents.push({ id: key, version: writeSeq, source });
    facts.revisions.set(key, order.revision);
    facts.reads.push({
      ...{ client: 'client', atMs: 0, tenantId: TENANT, customerId: null, orderId, status: 200 },
      asks: `order ${orderId}`,
      ...{ mustShow: { orderId, revision: order.revision }, retryAfter: null, inquiry: null },
      shown: [{ orderId, revision: order.revision, as: 'summary', content: expectedSummary(order) }],
    });
  }
  const { orders: rows, history, revisions, ...rest } = facts;
  return {
    ...rest,
    rows: { orders: rows, history, search: null, words: null },
    parked: [],
    skips: [],
    unsent: [],
    ofLaterRelease: new Set<string>(),
    provider: null,
    customerAnswers: [],
    damagedSnapshots: new Set<string>(),
    snapshotCounts: { reads: new Map<string, number>(), checks: new Map<string, number>() },
    samples: [
      {
        ...{
          atMs: 0,
          generation: 1,
          checkpoint: rest.log.at(-1)!.position,
          revisions,
          historyRows: history.length,
          parked: [],
          skips: [],
        },
        index: {
          checkpoint: rest.log.at(-1)!.position,
          revisions: new Map(revisions),
          late: new Set<string>(),
        },
      },
    ],
  };
}

async function snapshotOf(order: Order): Promise<RawEvent> {
  const event = await new SnapshotCodec(plainPersonal, foldFingerprint).encode(order);
  const stream = snapshotStream(orderStream(TENANT, order.orderId));
  const metadata = JSON.parse(new TextDecoder().decode(event.metadata)) as unknown;
  const sizeBytes = event.data.length + event.metadata.length;
  return { ...event, metadata, stream, revision: 0, position: 0n, sizeBytes };
}

interface Growing {
  readonly commands: CommandAttempt[];
  readonly log: RawEvent[];
  readonly streams: Map<string, string[]>;
  readonly history: ColumnValues[];
  readonly messages: NonNullable<Facts['messages']>[number][];
  readonly feed: Facts['feed'][number][];
}

async function handled(
  facts: Growing,
  orderId: string,
  before: OrderState,
  command: OrderCommand,
): Promise<OrderState> {
  const commandId = randomUUID();
  const now = instantAt(Date.now());
  const newId = (index: number) => uuidV5(String(index), commandId);
  const decision = decide(before, command, { now, occurredAt: null, mayBackdate: false, newId });
  if (!decision.accepted) throw new Error(decision.rejection.code);
  const fingerprint = commandId.replaceAll('-', '');
  const encoded = await encode(orderId, decision.events, {
    ...{ tenantId: TENANT, commandId, fingerprint, correlationId: commandId, causationId: null },
    ...{ actor: { type: 'service', id: 'test' }, recordedAt: now, traceparent: null },
  });
  const stream = orderStream(TENANT, orderId);
  const ids = facts.streams.get(stream) ?? [];
  facts.streams.set(stream, ids);
  const ended = facts.history.findLast((row) => row['order_id'] === orderId);
  const first = decision.events[0]!;
  if (ended) Object.assign(ended, { occurred_until: first.occurredAt, recorded_until: now });
  let order = before;
  encoded.forEach(({ eventId, type, data, metadata }, index) => {
    const event = decision.events[index]!;
    const next = decision.events[index + 1];
    const revision = ids.length;
    const position = BigInt(facts.log.length);
    order = evolve(order, recorded(event, { revision, recordedAt: now, commandId, fingerprint }));
    facts.log.push({ stream, revision, position, eventId, type, data, metadata, sizeBytes: 0 });
    ids.push(eventId);
    facts.history.push({
      ...expectedColumns(order),
      ...{ position: String(position), event_id: eventId, type, data: event.data, command_id: commandId },
      ...{ correlation_id: commandId, causation_id: null, actor_type: 'service', actor_id: 'test' },
      ...{ occurred_at: event.occurredAt, recorded_at: now },
      ...{ occurred_until: next?.occurredAt ?? null, recorded_until: next ? now : null },
      told_name: expectedToldName(event.data),
    });
    const headers = { ce_id: eventId, ce_source: `/orderlog/${TENANT}`, ce_orderrevision: String(revision) };
    facts.feed.push({ tenantId: TENANT, orderId, revision, eventId });
    facts.messages.push({ partition: 0, key: orderId, headers, value: '{}' });
  });
  const revision = ids.length - 1;
  const events = decision.events.map((event, index) => ({
    ...{ type: event.type, revision: ids.length - decision.events.length + index, ids: eventIds(event) },
  }));
  const outcome = {
    kind: 'done',
    revision,
    events,
    replayed: false,
    position: BigInt(facts.log.length - 1),
  } as const;
  facts.commands.push({
    ...{ client: 'client', atMs: 0, tenantId: TENANT, orderId, commandId, command },
    ...{ actor: { type: 'service', id: 'test' }, correlationId: commandId, isDryRun: false },
    ...{ occurredAt: null, ifMatch: null, outcome },
  });
  return order;
}
