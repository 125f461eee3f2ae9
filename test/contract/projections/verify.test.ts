import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { verify } from '#projections/verify/verify.js';
import { NoReadModels } from '#read-models/generations/generation.js';
import { WrittenOrder, place, tags } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { UNKNOWN_TYPE } from '../../support/quarantine.js';
import { unreadableStreams } from '../../support/unreadable-streams.js';

jest.setTimeout(ENGINES_MS);

describe('verify', () => {
  let bench: ProjectionBench;
  let order: WrittenOrder;
  let another: WrittenOrder;

  beforeAll(async () => {
    bench = await ProjectionBench.open();
    await expect(bench.verify()).rejects.toThrow(NoReadModels);
    [order, another] = [new WrittenOrder(bench.eventStore), new WrittenOrder(bench.eventStore, 'demo')];
    await order.does(place(order), tags('gift'));
    await another.does(place(another));
    const running = bench.start();
    await bench.caughtUp(running);
    await running.stop();
    for (const table of ['orders', 'order_history', 'order_search', 'search_words']) {
      await bench.rows(`CREATE TABLE kept_${table} AS TABLE gen_1.${table}`);
    }
  });
  afterAll(() => bench.close());

  beforeEach(async () => {
    for (const table of ['orders', 'order_history', 'order_search', 'search_words']) {
      await bench.rows(`TRUNCATE gen_1.${table}`);
      await bench.rows(`INSERT INTO gen_1.${table} TABLE kept_${table}`);
    }
  });

  it('finds nothing where nothing was touched, and looks at no more than the sample', async () => {
    expect(await bench.verify()).toMatchObject({ orders: 2, events: 3, differences: [], sampled: false });
    const sampled = await verify({
      eventStore: bench.eventStore,
      pool: bench.pool,
      elasticsearch: null,
      sample: 1,
    });
    expect(sampled).toMatchObject({ orders: 1, differences: [], sampled: true });
  });

  it.each([
    ['a money column', `UPDATE gen_1.orders SET total_minor = total_minor + 1`, 'summary', 'total_minor'],
    [
      'the document',
      `UPDATE gen_1.orders SET document = replace(document::text, '"quantity":2', '"quantity":3')::json`,
      'document',
      'lines[1].quantity',
    ],
    [
      'personal data',
      `UPDATE gen_1.orders SET personal = replace(personal::text, 'Ana García', 'Eve')::json`,
      'personal',
      'contact.name',
    ],
    ['a lost history row', `DELETE FROM gen_1.order_history WHERE revision = 1`, 'history', 'revision 1'],
    [
      'a changed history row',
      `UPDATE gen_1.order_history SET actor_id = 'eve' WHERE revision = 1`,
      'history',
      'revision 1: actor_id',
    ],
    [
      'an open period',
      `UPDATE gen_1.order_history SET occurred_until = NULL WHERE revision = 0`,
      'history',
      'revision 0: occurred_until',
    ],
    [
      'event data',
      `UPDATE gen_1.order_history SET data = '{"tags":["bribe"]}' WHERE revision = 1`,
      'history',
      'revision 1: data.tags[0]',
    ],
    [
      'an extra history row',
      `UPDATE gen_1.order_history SET revision = 7 WHERE revision = 1`,
      'extra_row',
      'order_history revision 7',
    ],
    ['search words', `UPDATE gen_1.order_search SET words = ts_delete(words, 'gift')`, 'search', 'words'],
    ['search phrases', `UPDATE gen_1.order_search SET phrases = ' gift box '`, 'search', 'phrases'],
    ['searchable names', `UPDATE gen_1.order_search SET personal = '"erased"'`, 'search', 'personal.'],
    ['a lost search row', `DELETE FROM gen_1.order_search`, 'search', ''],
    ['a lost word', `DELETE FROM gen_1.search_words WHERE word = 'gift'`, 'word', 'gift'],
    ['a row of the past', `UPDATE gen_1.orders SET revision = 0`, 'behind', 'revision'],
    ['a row of the future', `UPDATE gen_1.orders SET revision = 9`, 'extra_row', 'revision'],
  ])('finds %s', async (_what, sql, kind, path) => {
    await bench.rows(`${sql} ${sql.includes('WHERE') ? 'AND' : 'WHERE'} tenant_id = 'default'`);
    const { differences, differenceCount } = await bench.verify();
    expect(differences).toContainEqual(expect.objectContaining({ kind, path, tenantId: 'default' }));
    expect(differences.filter(({ tenantId }) => tenantId !== 'default')).toEqual([]);
    expect(differenceCount).toBe(differences.length);
    expect(JSON.stringify(differences)).not.toMatch(/García|garcia|Eve/);
  });

  it('finds a lost row, and what is left of its history', async () => {
    await bench.rows(`DELETE FROM gen_1.orders WHERE order_id = $1`, [order.orderId]);
    const { differences } = await bench.verify();
    const found = differences.map(({ orderId, kind, path }) => ({ orderId, kind, path }));
    expect(found).toEqual([
      { orderId: order.orderId, kind: 'missing_row', path: 'orders' },
      { orderId: order.orderId, kind: 'extra_row', path: 'order_history' },
      { orderId: order.orderId, kind: 'extra_row', path: 'order_search' },
    ]);
  });

  it('finds a row of no stream', async () => {
    await bench.rows(`UPDATE gen_1.orders SET order_id = gen_random_uuid() WHERE tenant_id = 'demo'`);
    const { differences } = await bench.verify();
    expect(differences).toContainEqual(
      expect.objectContaining({ kind: 'extra_row', path: 'orders', tenantId: 'demo' }),
    );
    expect(differences).toContainEqual(
      expect.objectContaining({ kind: 'missing_row', orderId: another.orderId }),
    );
  });

  it('finds rows that the projection left behind', async () => {
    await another.does(tags('unseen'));
    const { differences } = await bench.verify();
    expect(differences).toEqual([
      expect.objectContaining({ kind: 'behind', orderId: another.orderId, expected: '1', actual: '0' }),
    ]);
    expect(await bench.rows(`SELECT revision FROM gen_1.orders WHERE tenant_id = 'demo'`)).toEqual([
      { revision: 0 },
    ]);
  });
});

describe('verify of an order that is parked', () => {
  const tables = ['orders', 'order_history', 'order_search'];
  let bench: ProjectionBench;
  let order: WrittenOrder;
  beforeAll(async () => {
    bench = await ProjectionBench.open();
    order = new WrittenOrder(bench.eventStore);
    await order.does(place(order), tags('kept'));
    let running = bench.start();
    await bench.caughtUp(running);
    await running.stop();
    for (const table of tables) await bench.rows(`CREATE TABLE kept_${table} AS TABLE gen_1.${table}`);
    await order.does(tags('a'), tags('b'));
    await order.receives({ type: UNKNOWN_TYPE });
    running = bench.start();
    await bench.caughtUp(running);
    await running.stop();
  });
  afterAll(() => bench.close());

  it('finds nothing where all before what is parked is in its row', async () => {
    const { differences, parkedOrders } = await bench.verify();
    expect(differences).toEqual([]);
    expect(parkedOrders).toMatchObject([{ orderId: order.orderId, revision: 4 }]);
  });

  it('finds its row behind what is parked', async () => {
    for (const table of tables) {
      await bench.rows(`TRUNCATE gen_1.${table}`);
      await bench.rows(`INSERT INTO gen_1.${table} TABLE kept_${table}`);
    }
    const { differences } = await bench.verify();
    expect(differences).toEqual([
      expect.objectContaining({ kind: 'behind', orderId: order.orderId, expected: '3', actual: '1' }),
    ]);
  });

  it('finds its row missing where something before what is parked should be in it', async () => {
    for (const table of tables) await bench.rows(`TRUNCATE gen_1.${table}`);
    const { differences } = await bench.verify();
    expect(differences).toEqual([
      expect.objectContaining({ kind: 'missing_row', path: 'orders', orderId: order.orderId }),
    ]);
  });
});

describe('verify where a stream alone cannot be read', () => {
  let bench: ProjectionBench;
  beforeAll(async () => {
    bench = await ProjectionBench.open();
  });
  afterAll(() => bench.close());

  it('names the order, unless it is parked, and compares all others', async () => {
    const [unread, parked, fine] = Array.from({ length: 3 }, () => new WrittenOrder(bench.eventStore));
    for (const order of [unread!, parked!, fine!]) await order.does(place(order));
    await parked!.receives({ type: UNKNOWN_TYPE });
    const running = bench.start();
    await bench.caughtUp(running);
    await running.stop();
    const closed = new Set([unread!.stream, parked!.stream]);
    const verified = await verify({
      eventStore: unreadableStreams(bench.eventStore, (stream) => closed.has(stream)),
      ...{ pool: bench.pool, elasticsearch: null },
    });
    const { tenantId, orderId, stream } = unread!;
    expect(verified).toMatchObject({
      ...{ orders: 3, events: 1, differenceCount: 1 },
      differences: [{ tenantId, orderId, kind: 'unreadable', actual: `"${stream} is not given"` }],
      unread: [{ tenantId, orderId, reason: `${stream} is not given` }],
      parkedOrders: [{ orderId: parked!.orderId, revision: 1 }],
    });
  });
});
