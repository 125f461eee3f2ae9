import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { decodeEach, type EventCodec } from '#event-store/codec.js';
import type { EventStore, ExactEventStore, SubscriptionMessage } from '#event-store/port.js';
import { activeGeneration, type Generation } from '#read-models/generations/generation.js';
import { readFeed, type FeedPage } from '#read-models/readers/event-feed.reader.js';
import { decodeFeedPlace, FROM_THE_START } from '#read-models/readers/feed-place.js';
import { ReadModels } from '#read-models/readers/read-models.js';
import { parkedOrders } from '#read-models/stores/quarantine.store.js';
import { lossyStore, type LossyEvent } from '../../support/lossy-store.js';
import { confirm, WrittenOrder, place, tags } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { UNKNOWN_TYPE } from '../../support/quarantine.js';
import { until } from '../../support/until.js';

jest.setTimeout(ENGINES_MS);

/** Of a release that does not know tags yet. */
const earlierCodec: Pick<EventCodec, 'decodeEach'> = {
  decodeEach: (events) =>
    decodeEach(events.map((raw) => (raw.type === 'TagsChanged' ? { ...raw, type: UNKNOWN_TYPE } : raw))),
};

describe('the feed of events', () => {
  let bench: ProjectionBench;
  let late: WrittenOrder;
  let other: WrittenOrder;

  beforeEach(async () => {
    bench = await ProjectionBench.open();
    [late, other] = [new WrittenOrder(bench.eventStore), new WrittenOrder(bench.eventStore)];
    await late.does(place(late));
  });
  afterEach(() => bench.close());

  const current = async (): Promise<Generation> => (await activeGeneration(bench.pool))!;
  const feed = async (
    after: string | null,
    { limit = 50, types = null as string[] | null, generation = null as Generation | null } = {},
  ): Promise<FeedPage> => {
    const from = () => (generation === null ? current() : Promise.resolve(generation));
    const models = new ReadModels(bench.pool, { current: from, refreshed: from });
    const place = after === null ? FROM_THE_START : decodeFeedPlace(after);
    return readFeed(models, { tenantId: 'default', after: place, types, limit });
  };
  const told = ({ items }: FeedPage) =>
    items.map(({ orderId, revision }) => `${orderId === late.orderId ? 'late' : 'other'} ${revision}`);
  const nothingParked = () =>
    until('nothing is parked', async () => (await parkedOrders(bench.pool)).length === 0);

  /** Two of the order's events are parked, and a reader is past them. */
  const passed = async (): Promise<string> => {
    await late.does(tags('parked'), tags('behind'));
    await other.does(place(other));
    const running = bench.start({ codec: earlierCodec });
    await bench.caughtUp(running);
    await running.stop();
    const page = await feed(null);
    expect(told(page)).toEqual(['late 0', 'other 0']);
    return page.next;
  };
  const applied = async () => {
    const running = bench.start();
    await nothingParked();
    return running;
  };

  it('tells a reader that is past a parked event of it once it is applied, and each one once', async () => {
    const next = await passed();
    const [first] = (await feed(null)).items;
    const running = await applied();
    await other.does(tags('since'));
    await bench.caughtUp(running);
    const page = await feed(next);
    expect(told(page)).toEqual(['late 1', 'late 2', 'other 1']);
    expect(told(await feed(first!.next))).toEqual(['late 1', 'late 2', 'other 0', 'other 1']); // it is not past them
    expect(await feed(page.next)).toEqual({ items: [], next: page.next, hasMore: false });
    expect(told(await feed(null))).toEqual(['late 0', 'late 1', 'late 2', 'other 0', 'other 1']);
  });

  it('tells them also to who was further in a database that was replaced by an older copy of it', async () => {
    const next = await passed();
    const [copied] = await bench.rows<{ last_value: string; is_called: boolean }>(
      'SELECT last_value, is_called FROM orderlog.late_events_seq',
    );
    await (await applied()).stop();
    const page = await feed(next);
    expect(told(page)).toEqual(['late 1', 'late 2']);

    await late.does(tags('again'));
    await other.does(confirm);
    const running = bench.start({ codec: earlierCodec });
    await bench.caughtUp(running);
    await running.stop();
    const since = await feed(page.next);
    expect(told(since)).toEqual(['other 1']);

    await bench.pool.query('DELETE FROM orderlog.late_events');
    await bench.pool.query(`SELECT setval('orderlog.late_events_seq', $1, $2)`, [
      copied!.last_value,
      copied!.is_called,
    ]);
    await applied();
    expect(told(await feed(since.next))).toEqual(['late 3']);
  });

  it('goes on from every page and behind every event, also from a late one', async () => {
    const next = await passed();
    await applied();
    const all: string[] = [];
    for (let page = await feed(next, { limit: 1 }); page.items.length > 0;) {
      all.push(...told(page));
      expect(page.items[0]!.next).toBe(page.next);
      page = await feed(page.next, { limit: 1 });
    }
    expect(all).toEqual(['late 1', 'late 2']);
    const whole = await feed(next);
    expect(told(await feed(whole.items[0]!.next))).toEqual(['late 2']);
    expect(told(await feed(next, { types: ['OrderPlaced'] }))).toEqual([]);
  });

  it('tells nothing late behind a bare position', async () => {
    const next = await passed();
    await applied();
    const [position] = next.split('.');
    expect(told(await feed(position!))).toEqual([]);
  });

  it('leaves who is ahead of it where they are', async () => {
    await bench.caughtUp(bench.start());
    expect((await feed('999999999')).next).toMatch(/^999999999\b/);
  });

  it('tells what the store had lost, once it is there', async () => {
    await late.does(tags('a'), tags('b'));
    await other.does(place(other));
    let lost = true;
    const isLost = ({ stream, revision }: LossyEvent) => lost && stream === late.stream && revision === 1;
    await bench.caughtUp(bench.start({ eventStore: lossyStore(bench.eventStore, isLost) }));
    const { next } = await feed(null);
    lost = false;
    await nothingParked();
    expect(told(await feed(next))).toEqual(['late 1', 'late 2']);
  });

  /** A store whose subscription passes over one event of the order, which is in its stream. */
  const passingOver = (revision: number): ExactEventStore => ({
    ...lossyStore(bench.eventStore, () => false),
    async *subscribeToAll(
      options: Parameters<EventStore['subscribeToAll']>[0],
    ): AsyncGenerator<SubscriptionMessage> {
      for await (const message of bench.eventStore.subscribeToAll(options)) {
        const isPassedOver =
          message.kind === 'event' &&
          message.event.stream === late.stream &&
          message.event.revision === revision;
        yield isPassedOver ? { kind: 'checkpoint', position: message.event.position } : message;
      }
    },
  });

  it('tells what a subscription passed over while nothing else came, once it is read from its stream', async () => {
    const running = bench.start({ eventStore: passingOver(1) });
    await bench.caughtUp(running);
    await late.does(tags('passed over'));
    await bench.caughtUp(running);
    const page = await feed(null);
    expect(told(page)).toEqual(['late 0']);
    await late.does(tags('next'));
    await bench.caughtUp(running);
    expect(told(await feed(page.next))).toEqual(['late 1', 'late 2']);
  });

  it('tells what the subscription of an earlier owner passed over, once it is read from its stream', async () => {
    await late.does(tags('passed over'));
    const running = bench.start({ eventStore: passingOver(1) });
    await bench.caughtUp(running);
    await running.stop();
    const page = await feed(null);
    expect(told(page)).toEqual(['late 0']);
    await late.does(tags('next'));
    await bench.caughtUp(bench.start());
    expect(told(await feed(page.next))).toEqual(['late 1', 'late 2']);
  });

  it('tells nothing again of an order whose rows are made anew', async () => {
    await late.does(tags('skipped later'), tags('last'));
    await bench.caughtUp(bench.start());
    const { next } = await feed(null);
    await bench.rows(
      `INSERT INTO orderlog.skips (projection, tenant_id, order_id, revision, reason, who)
       VALUES ('orders', 'default', $1, 1, 'through another generation', 'the tests')`,
      [late.orderId],
    );
    await until('the rows are made anew', async () => (await feed(null)).items.length === 2);
    expect(told(await feed(next))).toEqual([]);
  });

  it('tells what another generation has applied, after the flip to it and not before', async () => {
    const next = await passed();
    const before = await current();
    await bench.rows(`UPDATE orderlog.generations SET fingerprint = 'of another release'`);
    bench.keep();
    await until('the flip', async () => (await activeGeneration(bench.pool)) !== null, ENGINES_MS);
    // Whoever has not heard of the flip yet passes nothing that these rows do not show.
    const unaware = await feed(next, { generation: before });
    expect(told(unaware)).toEqual([]);
    // Nor is a reader held up there: the flip has noted what is parked.
    expect(told(await feed(null, { generation: before }))).toEqual(['late 0', 'other 0']);
    const page = await feed(unaware.next);
    expect(told(page)).toEqual(['late 1', 'late 2']);
    expect(told(await feed(page.next))).toEqual([]);
  });

  describe('of a release that is not the active one', () => {
    let before: Generation;
    let after: Generation;
    beforeEach(async () => {
      const running = bench.start({ codec: earlierCodec });
      await bench.caughtUp(running);
      await running.stop();
      before = await current();
      await bench.rows(`UPDATE orderlog.generations SET fingerprint = 'of another release'`);
      const { stop } = bench.keep();
      await until('the flip', async () => (await activeGeneration(bench.pool)) !== null, ENGINES_MS);
      await stop();
      after = await current();
    });

    const kept = async (generation: Generation, codec = earlierCodec) => {
      const running = bench.start({ generation: async () => generation, codec });
      await bench.caughtUp(running);
      return running;
    };

    it('passes nothing that it has parked and the active one tells', async () => {
      const { next } = await feed(null, { generation: before });
      await late.does(tags('parked'), tags('behind'));
      await other.does(place(other));
      const both = await Promise.all([kept(before), kept(after, { decodeEach })]);
      const held = await feed(next, { generation: before });
      expect(told(held)).toEqual([]);
      const active = await feed(held.next);
      expect(told(active)).toEqual(['late 1', 'late 2', 'other 0']);
      const since = new WrittenOrder(bench.eventStore);
      await since.does(place(since));
      await Promise.all(both.map((running) => bench.caughtUp(running)));
      // Whom the active one has told of it already is not held up.
      expect(told(await feed(active.next, { generation: before }))).toEqual(['other 0']);
    });

    it('waits where it lacks an event of which it does not know the position', async () => {
      const { next } = await feed(null, { generation: before });
      await late.does(tags('missing'));
      await other.does(place(other));
      await Promise.all([kept(before), kept(after, { decodeEach })]);
      await bench.rows('UPDATE orderlog.quarantine SET position = NULL');
      expect(told(await feed(next, { generation: before }))).toEqual([]);
    });

    it('passes what both have parked: the active one tells it late', async () => {
      const { next } = await feed(null, { generation: before });
      await late.does(tags('parked'));
      await other.does(place(other));
      const [, active] = await Promise.all([kept(before), kept(after)]);
      const page = await feed(next, { generation: before });
      expect(told(page)).toEqual(['other 0']);
      await active.stop();
      await kept(after, { decodeEach });
      const more = () => feed(page.next);
      await until('it is applied', async () => (await more()).items.length > 0);
      expect(told(await more())).toEqual(['late 1']);
      const elsewhere = await feed((await more()).next, { generation: before });
      expect(told(await feed(elsewhere.next))).toEqual([]);
    });
  });
});
