import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import type { Client } from '@elastic/elasticsearch';
import type pg from 'pg';
import { createLogger } from '#platform/logging.js';
import { ReadModelKeeper } from '#projections/generations/read-model-keeper.js';
import { Throttle } from '#projections/replay/throttle.js';
import { verify } from '#projections/verify/verify.js';
import { SearchFollower, type SearchFollowerOptions } from '#projections/search/search-follower.js';
import { markReady } from '#read-models/generations/generation-states.js';
import {
  activeGeneration,
  createGeneration,
  prepareGeneration,
} from '#read-models/generations/generation.js';
import { tryFlip, type FlipResult } from '#read-models/generations/try-flip.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import {
  MARKER_ID,
  markerDocument,
  SHOWN_ID,
  writtenAs,
} from '#read-models/search/elasticsearch/index-definition.js';
import { typeOf } from '#read-models/search/elasticsearch/requests.js';
import { describeWith, elasticsearchUrl, startOwnEngine, type OwnEngine } from '../../support/engines.js';
import { removeIndexes } from '../../support/indexes.js';
import { WrittenOrder, note, place, tags } from '../../support/order-streams.js';
import { ProjectionBench } from '../../support/projections.js';
import { act, UNKNOWN_TYPE } from '../../support/quarantine.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

// Engines are started and killed here, on a machine that does much else.
jest.setTimeout(300_000);
const LIMIT_MS = 120_000;

describeWith('elasticsearch', 'an index fed from the rows', () => {
  let bench: ProjectionBench;
  let client: Client;
  let prefix: string;
  let network: TcpProxy;
  let stop: (() => Promise<void>)[];

  beforeAll(() => {
    client = createElasticsearchClient({ url: elasticsearchUrl()!, apiKey: null, caFile: null });
  });
  afterAll(() => client.close());
  beforeEach(async () => {
    bench = await ProjectionBench.open();
    prefix = `test-${randomUUID().slice(0, 8)}`;
    network = await startTcpProxy(Number(new URL(elasticsearchUrl()!).port));
    stop = [];
  });
  afterEach(async () => {
    for (const end of stop) await end();
    await network.close();
    await removeIndexes(client, prefix);
    await bench.close();
  });

  /** Starts what the projector runs; with `null` it feeds no index, or only those that are there. */
  function keep(indexPrefix: string | null = prefix): ReadModelKeeper & { stop(): Promise<void> } {
    const through = createElasticsearchClient({
      url: `http://127.0.0.1:${network.port}`,
      apiKey: null,
      caFile: null,
    });
    const keeper = new ReadModelKeeper({
      eventStore: bench.eventStore,
      postgresUrl: bench.postgresUrl,
      logger: createLogger('projector', 'silent'),
      elasticsearch: through,
      indexPrefix,
    });
    const abort = new AbortController();
    const running = keeper.run(abort.signal);
    const end = async () => {
      abort.abort();
      await running;
      await through.close();
      stop = stop.filter((one) => one !== end);
    };
    stop.push(end);
    return Object.assign(keeper, { stop: end });
  }

  const indexed = async (keeper: ReadModelKeeper) => {
    const head = (await bench.eventStore.headPosition()) ?? -1n;
    await until('the index has all', () => (keeper.target.search?.position ?? -1n) >= head, LIMIT_MS);
  };
  const placed = async (lines = 2) => {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order, lines));
    return order;
  };
  const mappingOf = async (index: string) => (await client.indices.getMapping({ index }))[index];
  const parkedRows = () =>
    bench.rows<{ order_id: string; revision: number; reason: string }>(
      `SELECT order_id, revision, reason FROM orderlog.quarantine WHERE projection = 'search' ORDER BY 1, 2`,
    );

  const generation = (pool: pg.Pool) => prepareGeneration(pool, prefix);
  /** A few rows at a time. */
  const follow = async (
    isEnough: (follower: SearchFollower) => boolean,
    options: Partial<SearchFollowerOptions> = {},
  ) => {
    const abort = new AbortController();
    const limits = { maxRows: 2, maxBytes: 1_000_000 };
    const logger = createLogger('projector', 'silent');
    const { postgresUrl } = bench;
    const follower = new SearchFollower({ client, postgresUrl, generation, logger, limits, ...options });
    const running = follower.run(abort.signal);
    await until('the follower is far enough', () => isEnough(follower), LIMIT_MS);
    abort.abort();
    await running;
    return follower.totals;
  };

  it('has one document for each row, equal to what the row makes of it, also of events that follow', async () => {
    const keeper = keep();
    const orders = await Promise.all(Array.from({ length: 30 }, (_, index) => placed(1 + index)));
    await indexed(keeper);
    expect(await bench.verify(client)).toMatchObject({ orders: 30, differences: [], parked: [] });
    await Promise.all(orders.map((order) => order.isFulfilled()));
    await orders[3]!.does(note('ring twice'), tags('gift'));
    await indexed(keeper);
    expect(await bench.verify(client)).toMatchObject({ orders: 30, differences: [] });
  });

  it('takes many rows in many steps, each order once and as it is last, and goes on from the middle', async () => {
    const rows = bench.start({ generation });
    await Promise.all(Array.from({ length: 25 }, () => placed()));
    await bench.caughtUp(rows);
    expect((await follow(({ totals }) => totals.documents >= 18)).steps).toBeGreaterThanOrEqual(9);
    const orders = await Promise.all(Array.from({ length: 3 }, () => placed()));
    await Promise.all(orders.map((order) => order.does(tags('gift'))));
    await bench.caughtUp(rows);
    await follow(({ state }) => state === 'live');
    expect(await bench.verify(client)).toMatchObject({ orders: 28, differences: [], parked: [] });
    await rows.stop();
  });

  it('has no document of an order that has no row any more', async () => {
    const rows = bench.start({ generation });
    const orders = await Promise.all(Array.from({ length: 5 }, () => placed()));
    await bench.caughtUp(rows);
    await follow(({ state }) => state === 'live');
    const rowsThere = async () => (await bench.rows('SELECT FROM gen_1.orders')).length;
    const withoutFirstEvent = async ({ orderId }: WrittenOrder) => {
      const before = await rowsThere();
      await bench.rows(
        `INSERT INTO orderlog.skips (projection, tenant_id, order_id, revision, reason, who)
         VALUES ('orders', 'default', $1, 0, 'through another generation', 'the tests')`,
        [orderId],
      );
      await until('its row is gone', async () => (await rowsThere()) < before);
    };
    await orders[0]!.does(tags('a'));
    await bench.caughtUp(rows);
    await withoutFirstEvent(orders[0]!);
    for (const order of orders.slice(1, 4)) await order.does(tags('b'));
    await bench.caughtUp(rows);
    await withoutFirstEvent(orders[4]!); // the last write of all
    await follow(({ state }) => state === 'live');
    expect(await bench.verify(client)).toMatchObject({ orders: 3, differences: [] });
    expect(
      await bench.rows(`SELECT c.write_seq = s.last_value AS told FROM orderlog.checkpoints c, gen_1.write_seq s
      WHERE c.projection = 'search'`),
    ).toEqual([{ told: true }]);
    await rows.stop();
  });

  it('verification finds a document that lacks, is wrong, or is of no order', async () => {
    const keeper = keep();
    const [lacking, wrong] = [await placed(), await placed()];
    await indexed(keeper);
    await keeper.stop();
    const index = keeper.target.orders.generation!.searchIndex!;
    const id = ({ tenantId, orderId }: WrittenOrder) => `${tenantId}.${orderId}`;
    const { _source } = await client.get<object>({ index, id: id(wrong) });
    await client.delete({ index, id: id(lacking) });
    await client.index({ index, id: id(wrong), document: { ..._source, totalMinor: 1 } });
    const stranger = randomUUID();
    await client.index({ index, id: `default.${stranger}`, document: { ..._source, orderId: stranger } });
    const { differences } = await bench.verify(client);
    expect(differences.map(({ orderId, kind, path }) => [orderId, kind, path]).sort()).toEqual(
      [
        [lacking.orderId, 'search', 'document of the index'],
        [wrong.orderId, 'search', 'document of the index: totalMinor'],
        [stranger, 'extra_row', 'document of the index'],
      ].sort(),
    );
  });

  /** Elasticsearch, where something happens before each look at documents. */
  const lookedAt = (before: () => Promise<unknown>): Client => {
    const mget = async (request: { readonly index: string; readonly ids: string[] }) => {
      await before();
      return client.mget(request);
    };
    return Object.assign(Object.create(client) as Client, { mget });
  };

  it('verification finds nothing wrong with an order that changes all the time, but that its document is wrong', async () => {
    const keeper = keep();
    const [, hot] = [await placed(), await placed()];
    await indexed(keeper);
    let changes = 0;
    const changed = lookedAt(async () => {
      await hot.does(tags(`change ${changes++}`));
      await indexed(keeper);
    });
    expect(await bench.verify(changed)).toMatchObject({ orders: 2, differences: [] });
    expect(changes).toBeGreaterThan(0);

    const index = keeper.target.orders.generation!.searchIndex!;
    const wronged = lookedAt(async () => {
      await hot.does(tags(`change ${changes++}`));
      await indexed(keeper);
      const id = `${hot.tenantId}.${hot.orderId}`;
      await client.update({ index, id, doc: { totalMinor: 1 } });
    });
    const { differences } = await bench.verify(wronged);
    expect(differences).toMatchObject([
      { orderId: hot.orderId, kind: 'search', path: 'document of the index: totalMinor' },
    ]);
  });

  it('verification tells of a document that stays behind, however often its order changes', async () => {
    const keeper = keep();
    const [lost] = [await placed(), await placed()];
    await indexed(keeper);
    const index = keeper.target.orders.generation!.searchIndex!;
    const id = `${lost.tenantId}.${lost.orderId}`;
    const { _source: document } = await client.get<object>({ index, id });
    let changes = 0;
    const loses = async () => {
      await lost.does(tags(`change ${changes++}`));
      await indexed(keeper);
      await client.index({ index, id, document: document! });
    };
    await loses();
    const behind = { orderId: lost.orderId, kind: 'behind', path: 'document of the index', actual: '0' };
    expect((await bench.verify(lookedAt(loses))).differences).toMatchObject([behind]);
    // And where it changes no more.
    expect((await bench.verify(client)).differences).toMatchObject([behind]);
  });

  it('verification waits for a document for as long as the index needs to take it', async () => {
    const keeper = keep();
    const [order] = [await placed(), await placed()];
    await indexed(keeper);
    const rowsHaveAll = async () => {
      const head = (await bench.eventStore.headPosition())!;
      await until('the rows have all', () => keeper.target.orders.progress.position! >= head, LIMIT_MS);
    };
    // The index is away from where verification begins until it has asked often how far that is.
    const headPosition = async () => {
      const head = await bench.eventStore.headPosition();
      await network.away();
      await order.does(tags('late'));
      await rowsHaveAll();
      return head;
    };
    let asked = 0;
    const pool = Object.assign(Object.create(bench.pool) as pg.Pool, {
      query: async (...query: Parameters<pg.Pool['query']>) => {
        if (++asked === 50) await network.restore();
        return bench.pool.query(...query);
      },
    });
    const { eventStore: store } = bench;
    const eventStore = {
      readStream: store.readStream.bind(store),
      subscribeToAll: store.subscribeToAll.bind(store),
      headPosition,
    };
    expect(await verify({ eventStore, pool, elasticsearch: client, patienceMs: LIMIT_MS })).toMatchObject({
      orders: 2,
      differences: [],
    });
    expect(asked).toBeGreaterThanOrEqual(50);
  });

  it('never holds the rows back while Elasticsearch is away, and catches up when it is back', async () => {
    const keeper = keep();
    await placed();
    await indexed(keeper);
    await network.away();
    for (let count = 0; count < 10; count++) await (await placed()).isFulfilled();
    const head = (await bench.eventStore.headPosition())!;
    await until('the rows have all', () => keeper.target.orders.progress.position! >= head, LIMIT_MS);
    await until('search waits', () => keeper.target.search!.state === 'waiting', LIMIT_MS);
    expect(keeper.target.search!.position).toBeLessThan(head);
    await network.restore();
    await indexed(keeper);
    expect(await bench.verify(client)).toMatchObject({ orders: 11, differences: [] });
  });

  it('waits where Elasticsearch takes no document for a while (429), and has in the end what changed meanwhile', async () => {
    const keeper = keep();
    const orders = await Promise.all(Array.from({ length: 5 }, () => placed()));
    await indexed(keeper);
    const index = keeper.target.orders.generation!.searchIndex!;
    // As where its disk is full: it answers, and refuses each document and the marker.
    const full = (is: true | null) =>
      client.indices.putSettings({ index, settings: { 'index.blocks.read_only_allow_delete': is } });
    await full(true);
    await Promise.all(orders.map((order) => order.isFulfilled()));
    await placed();
    // Elasticsearch lifts the block by itself every half minute, as its disk is not full; so there is always more to write.
    let more = 0;
    const waits = async () => {
      await full(true);
      await orders[1]!.does(tags(`more ${more++}`));
      return keeper.target.search!.state === 'waiting';
    };
    await until('search waits', waits, LIMIT_MS);
    expect(keeper.target.search!.lastError).toMatch(/did not take a document: cluster_block_exception/);
    await orders[0]!.does(tags('gift'));
    await placed();
    const head = (await bench.eventStore.headPosition())!;
    await until('the rows have all', () => keeper.target.orders.progress.position! >= head, LIMIT_MS);
    expect(keeper.target.search!.position).toBeLessThan(head);
    await full(null);
    await indexed(keeper);
    expect(await bench.verify(client)).toMatchObject({ orders: 7, differences: [], parked: [] });
    expect(keeper.target.search!.totals.refused).toBe(0);
  });

  it('goes on from where it was after a restart, and from the beginning when the index is gone', async () => {
    const first = keep();
    await Promise.all(Array.from({ length: 5 }, () => placed()));
    await indexed(first);
    await first.stop();
    await placed();
    const second = keep();
    await indexed(second);
    expect(second.target.search!.totals.documents).toBe(1);
    await second.stop();
    await client.indices.delete({ index: second.target.orders.generation!.searchIndex! });
    const third = keep();
    await until(
      'all documents are written again',
      () => third.target.search!.totals.documents === 6,
      LIMIT_MS,
    );
    await indexed(third);
    expect(await bench.verify(client)).toMatchObject({ orders: 6, differences: [] });
  });

  it('is flipped to only when it has all rows again, where it was lost', async () => {
    const rows = bench.start({ generation });
    await placed();
    await placed();
    await bench.caughtUp(rows);
    const rowsOf = rows.projector.generation!;
    const next = await createGeneration(bench.pool, { indexPrefix: prefix, madeBy: 'replay', rowsOf });
    await markReady(bench.pool, next);
    const index = { generation: async () => next };
    await follow(({ state }) => state === 'live', index);
    await client.indices.delete({ index: next.searchIndex! });
    const flip = () => tryFlip(bench.pool, next, { chosen: true });
    const whileFilled: FlipResult[] = [];
    const wait = async () => void whileFilled.push(await flip());
    const filling = new Throttle(1, { now: () => 0, wait });
    await follow(({ state }) => state === 'live', { ...index, filling });
    expect(whileFilled).toEqual(['behind', 'behind']);
    expect(await flip()).toBe('flipped');
    await rows.stop();
  });

  it('makes the index anew, with its mapping and all documents, when it is removed while it is written', async () => {
    const keeper = keep();
    const orders = await Promise.all(Array.from({ length: 5 }, () => placed()));
    await indexed(keeper);
    const index = keeper.target.search!.generation!.searchIndex!;
    const made = await mappingOf(index);
    await client.indices.delete({ index });
    await orders[0]!.does(tags('gift'));
    await until(
      'all documents are written again',
      () => keeper.target.search!.totals.documents >= 5 + 5 && keeper.target.search!.state === 'live',
      LIMIT_MS,
    );
    await indexed(keeper);
    expect(await mappingOf(index)).toEqual(made);
    expect(await bench.verify(client)).toMatchObject({ orders: 5, differences: [], parked: [] });
  });

  it('fills the index again that was deleted while no order changes', async () => {
    const keeper = keep();
    await Promise.all(Array.from({ length: 3 }, () => placed()));
    await indexed(keeper);
    const follower = keeper.target.search!;
    const index = follower.generation!.searchIndex!;
    await client.indices.delete({ index });
    await until(
      'all documents are written again',
      () => follower.totals.documents >= 3 + 3 && follower.state === 'live',
      LIMIT_MS,
    );
    expect(await bench.verify(client)).toMatchObject({ orders: 3, differences: [], parked: [] });
  });

  it('writes again what an older copy lacks that was restored while no order changes', async () => {
    const keeper = keep();
    await Promise.all([placed(), placed()]);
    await indexed(keeper);
    const index = keeper.target.search!.generation!.searchIndex!;
    const copy = `${prefix}-copy`;
    const clone = async (from: string, to: string, aliases = {}) => {
      await client.indices.refresh({ index: from });
      const settings = { number_of_replicas: 0 };
      await client.indices.addBlock({ index: from, block: 'write' });
      await client.indices.clone({ index: from, target: to, settings, aliases });
      await client.cluster.health({ index: to, wait_for_status: 'yellow' });
      for (const one of [from, to])
        await client.indices.putSettings({ index: one, settings: { 'index.blocks.write': null } });
    };
    await clone(index, copy);
    await Promise.all([placed(), placed()]);
    await indexed(keeper);
    await until('the copy takes its place before the index is made anew', async () => {
      await client.indices.delete({ index });
      const cloned = clone(copy, index, { [writtenAs(index)]: { is_write_index: true } }); // a snapshot has its aliases
      return cloned.then(
        () => true,
        (error: unknown) => {
          if (typeOf(error) !== 'resource_already_exists_exception') throw error;
          return false;
        },
      );
    });
    await client.indices.delete({ index: copy });
    await placed();
    await indexed(keeper);
    const complete = async () => (await bench.verify(client)).differences.length === 0;
    await until('the index has all orders again', complete, LIMIT_MS);
    expect(await bench.verify(client)).toMatchObject({ orders: 5, differences: [], parked: [] });
  });

  it('makes an index anew whose mapping Elasticsearch has guessed, and gives an earlier one what it lacks', async () => {
    const first = keep();
    const order = await placed();
    await indexed(first);
    const index = first.target.search!.generation!.searchIndex!;
    const made = await mappingOf(index);
    await first.stop();
    await client.indices.deleteAlias({ index, name: writtenAs(index) });
    await client.indices.putSettings({ index, settings: { refresh_interval: '600ms' } });
    const second = keep();
    await order.does(tags('gift'));
    await indexed(second);
    expect((await client.indices.getSettings({ index }))[index]!.settings!.index!.refresh_interval).toBe(
      '5s',
    );
    expect(second.target.search!.totals.documents).toBe(1);
    await second.stop();
    await client.indices.delete({ index });
    await client.index({ index, id: MARKER_ID, document: markerDocument({ position: 0n, writeSeq: 0n }) });
    const third = keep();
    await order.does(tags('gift', 'again'));
    await indexed(third);
    expect(await mappingOf(index)).toEqual(made);
    expect(await bench.verify(client)).toMatchObject({ orders: 1, differences: [], parked: [] });
  });

  it('writes its own index where a copy of it was restored with its alias', async () => {
    const keeper = keep();
    const order = await placed();
    await indexed(keeper);
    const index = keeper.target.search!.generation!.searchIndex!;
    await client.indices.create({ index: `${prefix}-restored`, aliases: { [writtenAs(index)]: {} } });
    await order.does(tags('gift'));
    await indexed(keeper);
    expect(await bench.verify(client)).toMatchObject({ orders: 1, differences: [], parked: [] });
  });

  it.each<[string, { id: string; document: object }]>([
    ['it tells of', { id: MARKER_ID, document: { indexedThrough: '99', writeSeq: '99' } }],
    ['one of its documents is of', { id: SHOWN_ID, document: { shownThrough: '99', writeSeq: '99' } }],
  ])(
    'builds another index when the rows are older than what %s: its versions would win',
    async (_, ahead) => {
      const first = keep();
      const order = await placed();
      await indexed(first);
      await first.stop();
      const { schema, searchIndex } = first.target.orders.generation!;
      // As after the restore of a backup of PostgreSQL.
      await bench.rows(`SELECT setval('${schema}.write_seq', 1, false)`);
      await bench.rows(`UPDATE ${schema}.orders SET write_seq = nextval('${schema}.write_seq')`);
      await client.index({ index: searchIndex!, ...ahead });
      const second = keep();
      await order.does(tags('gift'));
      await indexed(second);
      const generation = (await activeGeneration(bench.pool))!;
      expect(generation.searchIndex).not.toBe(searchIndex);
      expect(await client.indices.exists({ index: searchIndex! })).toBe(false);
      expect(await bench.verify(client)).toMatchObject({ orders: 1, differences: [] });
    },
  );

  it('parks an order whose document the index refuses, goes on with the others, and tries its next row', async () => {
    const keeper = keep();
    const good = await placed();
    await indexed(keeper);
    const { schema, searchIndex } = keeper.target.orders.generation!;
    const refused = new WrittenOrder(bench.eventStore);
    await bench.rows(`CREATE FUNCTION ${schema}.spoil() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.order_id = '${refused.orderId}' AND NEW.revision = 0 THEN
          NEW.found_by = jsonb_set(NEW.found_by::jsonb, '{colour}', '"red"')::json;
        END IF;
        RETURN NEW;
      END $$`);
    await bench.rows(
      `CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON ${schema}.order_search FOR EACH ROW EXECUTE FUNCTION ${schema}.spoil()`,
    );
    await refused.does(place(refused));
    const other = await placed();
    await indexed(keeper);
    expect(await parkedRows()).toMatchObject([
      { order_id: refused.orderId, revision: 0, reason: expect.stringContaining('colour') },
    ]);
    expect(keeper.target.search!.parked).toBe(1);
    const { docs } = await client.mget({
      index: searchIndex!,
      ids: [good, refused, other].map(({ orderId }) => `default.${orderId}`),
    });
    expect(docs.map((doc) => 'found' in doc && doc.found)).toEqual([true, false, true]);
    await bench.rows(`DROP TRIGGER spoil ON ${schema}.order_search`);
    await refused.does(tags('gift'));
    await indexed(keeper);
    await until('it is parked no more', async () => (await parkedRows()).length === 0, LIMIT_MS);
    expect(await bench.verify(client)).toMatchObject({ orders: 3, differences: [], parked: [] });
  });

  it('is offered a refused document again when a person asks, and says whether it has taken it', async () => {
    const keeper = keep();
    const order = await placed();
    await indexed(keeper);
    const { id: generation, schema } = keeper.target.orders.generation!;
    const foundBy = (what: string) =>
      bench.rows(`UPDATE ${schema}.order_search SET found_by = (${what})::json WHERE order_id = $1`, [
        order.orderId,
      ]);
    const scope = { projection: 'search', generation };
    await foundBy(`jsonb_set(found_by::jsonb, '{colour}', '"red"')`);
    await order.does(note('a change that the index sees'));
    await until('it is parked', async () => (await parkedRows()).length > 0, LIMIT_MS);
    const refused = await act(bench, order, { ...scope, action: 'retry' });
    expect(refused).toMatchObject({
      succeeded: false,
      outcome: expect.stringMatching(/still refuses the documents of 1 of 1 order: .*colour/),
    });
    const skipped = await act(bench, order, { ...scope, action: 'skip', revision: 1, reason: 'none' });
    expect(skipped).toMatchObject({
      succeeded: false,
      outcome: expect.stringMatching(/the whole document of an order/),
    });
    await foundBy(`found_by::jsonb - 'colour'`);
    const all = { tenantId: null, orderId: null };
    const taken = await act(bench, order, { ...scope, ...all, action: 'retry_all' });
    expect(taken).toMatchObject({
      succeeded: true,
      outcome: 'the index has taken the documents of 1 order',
    });
    expect(await parkedRows()).toEqual([]);
    expect((await act(bench, order, { ...scope, action: 'retry' })).outcome).toBe('no document is parked');
    expect(await bench.verify(client)).toMatchObject({ orders: 1, parked: [] });
  });

  it('is told of rows that are written behind the position it has reached, until it has them', async () => {
    const keeper = keep();
    const order = await placed();
    await order.receives({ type: UNKNOWN_TYPE });
    await order.does(tags('after'));
    await indexed(keeper);
    await network.away();
    await act(bench, order, { action: 'skip', revision: 1, reason: 'of no release' });
    const late = () =>
      bench.rows<{ order_id: string; is_followed: boolean }>(
        `SELECT order_id, l.write_seq <= c.write_seq AS is_followed FROM orderlog.late_rows l
         JOIN orderlog.checkpoints c ON c.generation = l.generation AND c.projection = 'search'`,
      );
    expect(await late()).toEqual([{ order_id: order.orderId, is_followed: false }]);
    await network.restore();
    await until('the index has it', async () => (await late())[0]?.is_followed === true, LIMIT_MS);
    // A search that was under way may still be without it.
    await bench.rows(`UPDATE orderlog.late_rows SET written_at = now() - interval '2 minutes'`);
    await placed();
    await until('it is forgotten', async () => (await late()).length === 0, LIMIT_MS);
    expect(await bench.verify(client)).toMatchObject({ orders: 2, differences: [], parked: [] });
  });

  it('parks an order of whose row no document can be made, too', async () => {
    const keeper = keep();
    const [broken, whole] = [await placed(), await placed()];
    await indexed(keeper);
    const { schema } = keeper.target.orders.generation!;
    await bench.rows(
      `WITH lost AS (DELETE FROM ${schema}.order_search WHERE order_id = $1)
       UPDATE ${schema}.orders SET write_seq = nextval('${schema}.write_seq') WHERE order_id = $1`,
      [broken.orderId],
    );
    await whole.does(tags('gift'));
    await indexed(keeper);
    expect(await parkedRows()).toMatchObject([
      { order_id: broken.orderId, reason: expect.stringContaining('no document can be made of the row') },
    ]);
  });

  it('takes the place of the tables on a system that runs, which answer until then, and back', async () => {
    const tables = keep(null);
    await Promise.all(Array.from({ length: 20 }, () => placed()));
    await until('the rows are read', () => tables.target.orders.state === 'live', LIMIT_MS);
    const before = (await activeGeneration(bench.pool))!;
    expect(before.searchIndex).toBeNull();
    await tables.stop();

    await network.away();
    const index = keep();
    const old = () => index.ordersFollowers.find(({ generation }) => generation?.id === before.id);
    await until('the old generation goes on', () => old()?.state === 'live', LIMIT_MS);
    await placed();
    const head = (await bench.eventStore.headPosition())!;
    await until('it has what is new', () => old()!.progress.position! >= head, LIMIT_MS);
    expect((await activeGeneration(bench.pool))!.id).toBe(before.id);
    await network.restore();
    await until('the flip', async () => (await activeGeneration(bench.pool))!.id !== before.id, LIMIT_MS);
    expect(await bench.verify(client)).toMatchObject({ orders: 21, differences: [] });
    await placed();
    const more = (await bench.eventStore.headPosition())!;
    await until('the old one goes on, to go back to', () => old()!.progress.position! >= more, LIMIT_MS);
    await index.stop();

    await placed();
    const back = keep(null);
    await until(
      'the flip back',
      async () => (await activeGeneration(bench.pool))!.id === before.id,
      LIMIT_MS,
    );
    expect(await bench.verify()).toMatchObject({ orders: 23, differences: [] });
    await back.stop();
  });
});

describeWith('elasticsearch', 'an index of an Elasticsearch that dies', () => {
  let engine: OwnEngine;
  beforeAll(async () => {
    engine = await startOwnEngine('elasticsearch');
  });
  afterAll(() => engine.stop());

  it('has every row after kills under load', async () => {
    const bench = await ProjectionBench.open();
    const client = createElasticsearchClient({ url: engine.url, apiKey: null, caFile: null });
    const keeper = new ReadModelKeeper({
      eventStore: bench.eventStore,
      postgresUrl: bench.postgresUrl,
      logger: createLogger('projector', 'silent'),
      elasticsearch: client,
      indexPrefix: 'killed',
    });
    const abort = new AbortController();
    const running = keeper.run(abort.signal);
    const writing = new AbortController();
    const written = (async () => {
      while (!writing.signal.aborted) {
        const order = new WrittenOrder(bench.eventStore);
        await order.does(place(order), tags('gift'));
      }
    })();
    for (let round = 0; round < 2; round++) {
      const before = keeper.target.search!.totals.documents;
      await until('documents flow', () => keeper.target.search!.totals.documents > before + 50, LIMIT_MS);
      await engine.kill();
      await engine.restart();
    }
    writing.abort();
    await written;
    const head = (await bench.eventStore.headPosition())!;
    await until('the index has all', () => (keeper.target.search!.position ?? -1n) >= head, LIMIT_MS);
    expect(await bench.verify(client)).toMatchObject({ differences: [], parked: [] });
    abort.abort();
    await running;
    await client.close();
    await bench.close();
  });
});
