import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Order } from '#domain/order/state.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import { foldFingerprint } from '#event-store/snapshots/fold-fingerprint.js';
import { SnapshotCodec } from '#event-store/snapshots/snapshot-codec.js';
import { orderStream } from '#event-store/streams.js';
import { addNote, changeTags, confirmOrder, placeOrder } from '../support/requests.js';
import { check } from '../chaos/checker/check.js';
import { someFacts, type Changeable } from '../chaos/checker/some-facts.js';
import type { Facts } from '../chaos/checker/facts.js';
import type { Invariant } from '../chaos/checker/violations.js';

/** Three orders of four events. */
const sound = async () =>
  structuredClone(
    await someFacts(3, (orderId) => [
      placeOrder(orderId),
      confirmOrder,
      changeTags('gift'),
      addNote('ring twice'),
    ]),
  ) as Changeable<Facts>;

type Alteration = [
  what: string,
  invariant: Invariant,
  says: RegExp,
  alter: (facts: Changeable<Facts>) => void | Promise<void>,
];

const alterations: readonly Alteration[] = [
  ['an acknowledged write is lost', 'I1', /but the stream ends at/, (facts) => loseLast(facts)],
  [
    'a command is in its stream twice',
    'I1',
    /more than once/,
    ({ log }) => {
      (log[3]!.metadata as { commandId: string }).commandId = (
        log[1]!.metadata as { commandId: string }
      ).commandId;
    },
  ],
  [
    'a refused command left an event',
    'I2',
    /was refused in each of 1 attempts, but left TagsChanged/,
    ({ commands }) => {
      commands[2]!.outcome = { kind: 'refused', status: 409, code: 'not_allowed_in_state' };
    },
  ],
  [
    'one command is of two senders',
    'I1',
    /is one command of several senders: service test, customer ada/,
    ({ commands }) => void commands.push({ ...commands[2]!, actor: { type: 'customer', id: 'ada' } }),
  ],
  [
    'an event names somebody who did not ask',
    'I1',
    /is recorded as of user ann, and service test asked/,
    ({ log }) => {
      (log[2]!.metadata as { actor: unknown }).actor = { type: 'user', id: 'ann' };
    },
  ],
  [
    'an event names a conversation that it is not from',
    'I1',
    /is recorded as of the conversation elsewhere, which no attempt belonged to/,
    ({ log }) => {
      (log[2]!.metadata as { correlationId: string }).correlationId = 'elsewhere';
    },
  ],
  [
    'a command is said to have had nothing to do',
    'I1',
    /was answered as if there was nothing to do at revision 1/,
    ({ commands }) => {
      Object.assign(commands[2]!.outcome, { revision: 1, events: [] });
    },
  ],
  [
    'a change without a key is answered, and lost',
    'I1',
    /was answered with .*TagsChanged.*, and left nothing/,
    ({ commands }) =>
      void commands.push({ ...commands[2]!, commandId: null, correlationId: 'sent without a key' }),
  ],
  [
    'a change without a key is refused, and left an event',
    'I2',
    /was refused in each of 1 attempts, but left TagsChanged/,
    ({ commands }) => {
      const outcome = { kind: 'refused', status: 409, code: 'not_allowed_in_state' } as const;
      Object.assign(commands[2]!, { commandId: null, outcome });
    },
  ],
  [
    'a change without a key that was a dry run left an event',
    'I3',
    /nobody asked for it/,
    ({ commands }) => void Object.assign(commands[2]!, { commandId: null, isDryRun: true }),
  ],
  ['an event is nobody’s', 'I3', /nobody asked for it/, ({ commands }) => void commands.splice(2, 1)],
  ['a revision is missing', 'I3', /has revision 2/, ({ log }) => void log.splice(1, 1)],
  [
    'an event is not what is decided',
    'I3',
    /is not what is decided for ChangeTags/,
    ({ log }) => {
      (log[2]!.data as { data: { tags: string[] } }).data.tags = ['other'];
    },
  ],
  [
    'something is decided without an event that cannot be read',
    'I3',
    /revision 2 \(TagsChanged\): was decided without revision 1/,
    ({ log, ofLaterRelease }) => void ofLaterRelease.add(log[1]!.eventId),
  ],
  [
    'an event is parked that can be applied',
    'I4',
    /event 3 is parked, and can be applied/,
    ({ parked, log }) => {
      const [tenantId, orderId] = log[3]!.stream.slice('order-'.length).split('.') as [string, string];
      parked.push({ projection: 'orders', tenantId, orderId, revision: 3 });
    },
  ],
  ['a row is missing', 'I4', /has 4 events, but no row/, ({ rows }) => void rows.orders.pop()],
  [
    'a row is of no stream',
    'I4',
    /has a row in orders, but no stream/,
    ({ rows }) => void rows.orders.push({ ...rows.orders[0], order_id: 'nowhere' }),
  ],
  ['a history row is missing', 'I4', /has no history row/, ({ rows }) => void rows.history.splice(2, 1)],
  [
    'a document is lost',
    'I4',
    /has 4 events, but no document/,
    ({ documents }) => void documents!.splice(1, 1),
  ],
  [
    'a document is behind its row',
    'I4',
    /document is of write 9/,
    ({ documents }) => {
      documents![1]!.version = 9;
    },
  ],
  [
    'an answer shows what never was',
    'I4',
    /onHold is true, not false/,
    ({ reads }) => {
      reads[0]!.shown![0]!.content['onHold'] = true;
    },
  ],
  ['a message is lost', 'I5', /is in no message/, ({ messages }) => void messages!.splice(5, 1)],
  [
    'messages are out of order',
    'I5',
    /is out of order/,
    ({ messages }) => void messages!.splice(4, 2, messages![5]!, messages![4]!),
  ],
  [
    'a repeated message is another one',
    'I5',
    /came again as another one/,
    ({ messages }) => void messages!.push({ ...messages![0]!, value: '{"other":1}' }),
  ],
  ['an event is not told in the feed', 'I5', /is not told in the feed/, ({ feed }) => void feed.splice(5, 1)],
  [
    'the feed tells events out of order',
    'I5',
    /is told in the feed after event/,
    ({ feed }) => void feed.splice(4, 2, feed[5]!, feed[4]!),
  ],
  [
    'the feed tells of what is in no stream',
    'I5',
    /is told in the feed, and in no stream/,
    ({ feed }) => void feed.push({ ...feed[0]!, eventId: randomUUID() }),
  ],
  [
    'a snapshot is not what its events make',
    'I7',
    /differs from the order at 3 in tags/,
    ({ snapshots }) => rewrite(snapshots[0]!, (state) => ({ ...state, tags: [] })),
  ],
  [
    'a snapshot is of another revision than it says',
    'I7',
    /is corrupt/,
    ({ snapshots }) => void Object.assign(snapshots[0]!.metadata as object, { revision: 1 }),
  ],
  [
    'a snapshot is in the stream of another order',
    'I7',
    /is foreign/,
    ({ snapshots }) => {
      snapshots[0]!.stream = snapshots[1]!.stream;
    },
  ],
  [
    'a snapshot that was damaged can be used',
    'I7',
    /differs from the order at 3 in tags/,
    async ({ snapshots, damagedSnapshots }) => {
      await rewrite(snapshots[0]!, (state) => ({ ...state, tags: [] }));
      damagedSnapshots.add(snapshots[0]!.eventId);
    },
  ],
  [
    'an order was loaded from a wrong snapshot',
    'I7',
    /2 loads from a snapshot gave another state than all events/,
    ({ snapshotCounts }) => void snapshotCounts.checks.set('different', 2),
  ],
  [
    'a checkpoint is past an event that is not applied',
    'I8',
    /is past event 3, the row is at 2/,
    ({ samples, log }) => void samples[0]!.revisions.set(log[0]!.stream.slice('order-'.length), 2),
  ],
  [
    'a row is past the checkpoint',
    'I8',
    /the checkpoint 5 is before it/,
    ({ samples }) => {
      samples[0]!.checkpoint = 5n;
    },
  ],
  [
    'search is said to have what no document has',
    'I8',
    /search is said to have event 3/,
    ({ samples, log }) => void samples[0]!.index!.revisions.delete(log[0]!.stream.slice('order-'.length)),
  ],
  [
    'answers come from a generation that is behind',
    'I9',
    /answers come from position 5, and came from 11 of generation 1 before/,
    ({ samples }) => void samples.push({ ...samples[0]!, generation: 2, checkpoint: 5n }),
  ],
  [
    'a read shows less than its token',
    'I9',
    /at revision 3, and 4 was asked for/,
    ({ reads }) => {
      reads[0]!.mustShow!.revision = 4;
    },
  ],
  [
    'a read denies what its token is about',
    'I9',
    /is not there/,
    ({ reads }) => {
      Object.assign(reads[0]!, { status: 404, shown: null });
    },
  ],
];

/** Another state in a snapshot, in which all else is as it should be. */
async function rewrite(
  snapshot: Changeable<Facts>['snapshots'][number],
  change: (state: Order) => Order,
): Promise<void> {
  const codec = new SnapshotCodec(plainPersonal, foldFingerprint);
  const orderOfIt = orderStream(
    ...(snapshot.stream.slice('order_snapshot-'.length).split('.') as [string, string]),
  );
  const state = await codec.decode(orderOfIt, snapshot);
  if (typeof state === 'string') throw new Error(`the snapshot is ${state}`);
  const { data, metadata } = await codec.encode(change(state));
  Object.assign(snapshot, { data, metadata: JSON.parse(new TextDecoder().decode(metadata)) as unknown });
}

/** The last event of all, everywhere but in what its client was told. */
function loseLast({ log, streams, rows, documents, messages, samples, reads }: Changeable<Facts>): void {
  const { stream } = log.pop()!;
  (streams.get(stream) as string[]).pop();
  const [rest] = [rows.history, messages!].map((list) => list.pop());
  void [rest, documents!.pop(), samples.pop(), reads.pop()];
}

describe('the checker of the chaos run', () => {
  it('finds nothing where nothing is wrong', async () => {
    expect(await check((await sound()) as Facts)).toEqual([]);
  });

  it('says nothing against an event that is parked', async () => {
    const facts = await sound();
    const { stream, revision } = facts.log.pop()!;
    const [tenantId, orderId] = stream.slice('order-'.length).split('.') as [string, string];
    facts.log.push({
      ...facts.log.at(-1)!,
      stream,
      revision,
      eventId: 'x',
      position: 11n,
      type: 'Unheard',
      data: {},
    });
    facts.parked.push({ projection: 'orders', tenantId, orderId, revision });
    const found = await check(facts);
    expect(found.filter(({ invariant, what }) => invariant === 'I4' && /not parked/.test(what))).toEqual([]);
  });

  it('finds out what a change without a key became, also when the network repeated it', async () => {
    const facts = structuredClone(
      await someFacts(1, (orderId) => [
        placeOrder(orderId),
        changeTags('gift'),
        changeTags('rush'),
        changeTags('gift'),
      ]),
    ) as Changeable<Facts>;
    const { commands, log, rows } = facts;
    const first = Object.assign(commands[1]!, { commandId: null });
    (log[3]!.metadata as { correlationId: string }).correlationId = first.correlationId;
    rows.history[3]!['correlation_id'] = first.correlationId;
    commands.splice(3, 1);
    const alone = await check(facts);
    expect(alone.map(({ invariant, what }) => `${invariant} ${what}`)).toEqual([
      'I3 revision 3 (TagsChanged): nobody asked for it',
    ]);
    commands.push({ ...first, client: 'network', outcome: { kind: 'unknown', why: 'sent again' } });
    expect(await check(facts)).toEqual([]);
    const nothing = { ...first, outcome: { ...first.outcome, revision: 3, events: [] } };
    commands.push({ ...nothing, correlationId: 'to no effect' });
    expect(await check(facts)).toEqual([]);
  });

  it('sees that a command met an error that nobody foresaw', async () => {
    const facts = await sound();
    const answered = (why: string) => ({ ...facts.commands[0]!, outcome: { kind: 'unknown', why } as const });
    facts.commands.push(answered('503 outcome_unknown'), answered('ECONNRESET'));
    expect(await check(facts as Facts)).toEqual([]);
    facts.commands.push(answered('500 internal_error'));
    expect((await check(facts as Facts)).map(({ invariant, what }) => `${invariant} ${what}`)).toEqual([
      'I2 was answered with 500 internal_error, which says nothing of what is away',
    ]);
  });

  it('says nothing against damaged snapshots that cannot be used', async () => {
    const facts = await sound();
    const { snapshots, damagedSnapshots } = facts;
    Object.assign(snapshots[0]!.metadata as object, { revision: 1 });
    snapshots[1]!.stream = snapshots[2]!.stream;
    await rewrite(snapshots[2]!, (state) => {
      const last = { ...state.handled.at(-1)!, commandId: randomUUID() };
      return { ...state, tags: [], handled: state.handled.with(-1, last) };
    });
    for (const { eventId } of snapshots) damagedSnapshots.add(eventId);
    expect(await check(facts as Facts)).toEqual([]);
  });

  it('says nothing against a document whose row is said to have been written late', async () => {
    const facts = await sound();
    const key = facts.log[0]!.stream.slice('order-'.length);
    const { index } = facts.samples[0]!;
    index!.revisions.set(key, 1);
    index!.late.add(key);
    expect(await check(facts as Facts)).toEqual([]);
  });

  it.each(alterations)('sees that %s (%s)', async (_, invariant, says, alter) => {
    const facts = await sound();
    await alter(facts);
    const found = await check(facts);
    const named = found.filter((violation) => violation.invariant === invariant);
    expect(named.map(({ what }) => what)).toEqual(expect.arrayContaining([expect.stringMatching(says)]));
  });
});
