import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { activeGeneration, type Generation } from '#read-models/generations/generation.js';
import { addSkip } from '#read-models/stores/skips.store.js';
import { loadDefinition, type Definition } from '../../../apps/orderctl/src/what-if/definition.js';
import { reportLines } from '../../../apps/orderctl/src/what-if/run-what-if.js';
import { whatIf } from '../../../apps/orderctl/src/what-if/what-if.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ENGINES_MS, ProjectionBench } from '../../support/projections.js';
import { UNKNOWN_TYPE } from '../../support/quarantine.js';
import { unreadableStreams } from '../../support/unreadable-streams.js';
import { until } from '../../support/until.js';

jest.setTimeout(ENGINES_MS);

describe('what if', () => {
  let bench: ProjectionBench;
  let generation: Generation;
  let folder: string;
  const orders: WrittenOrder[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-what-if-'));
    bench = await ProjectionBench.open();
    for (let count = 0; count < 4; count++) {
      const order = new WrittenOrder(bench.eventStore);
      await order.does(place(order));
      orders.push(order);
    }
    await orders[1]!.does(tags('gift'), tags('gift', 'late'));
    const running = bench.start();
    await bench.caughtUp(running);
    await running.stop();
    generation = (await activeGeneration(bench.pool))!;
  });
  afterAll(async () => {
    await bench.close();
    await rm(folder, { recursive: true, force: true });
  });

  const asked = (definition: Definition) =>
    whatIf({ eventStore: bench.eventStore, pool: bench.pool, generation, definition });

  const everything = async () => ({
    rows: await bench.rows(`SELECT * FROM ${generation.schema}.orders ORDER BY order_id`),
    history: await bench.rows(`SELECT * FROM ${generation.schema}.order_history ORDER BY order_id, revision`),
    shared: await bench.rows('SELECT * FROM orderlog.checkpoints'),
    head: await bench.eventStore.headPosition(),
  });

  it('nothing were changed, nothing would differ', async () => {
    expect(await asked({ summary: (asNow) => ({ ...asNow }) })).toMatchObject({
      ...{ orders: 4, events: 6, differing: 0, failing: 0, fields: [], changed: [], complete: true },
    });
  });

  it('a summary were made otherwise, it says of which orders, after which events and how; and touches nothing', async () => {
    const before = await everything();
    const report = await asked({
      summary: (asNow, { tags: now }) =>
        now.includes('late') ? { ...asNow, status: 'late', late: true } : asNow,
    });
    const { orderId } = orders[1]!;
    expect(report).toMatchObject({ orders: 4, differing: 1, failing: 0 });
    expect(report.changed).toEqual([
      {
        ...{ tenantId: 'default', orderId, failure: null, changeCount: 4 },
        changes: [
          { path: 'history.status', revision: 2, now: '"placed"', then: '"late"' },
          { path: 'history.late', revision: 2, now: null, then: 'true' },
          { path: 'summary.status', revision: null, now: '"placed"', then: '"late"' },
          { path: 'summary.late', revision: null, now: null, then: 'true' },
        ],
      },
    ]);
    expect(report.fields).toContainEqual({ path: 'summary.late', orders: 1 });
    const text = reportLines(report).join('\n');
    expect(text).toContain(`default.${orderId}\n  history.status after revision 2: "placed" would be "late"`);
    expect(text).toMatch(/4 orders with 6 events in [\d.]+ s: 1 would differ; nothing was changed$/);
    expect(await everything()).toEqual(before);
  });

  it('a fold were changed, all that comes of it would be, and an order that it cannot fold is told', async () => {
    const report = await asked({
      fold: (before, event, asNow) => {
        if (before?.orderId === orders[1]!.orderId && event.type === 'TagsChanged')
          throw new Error('no tags');
        return { ...asNow(), reference: 'R' };
      },
    });
    expect(report).toMatchObject({ orders: 4, differing: 3, failing: 1 });
    expect(report.changed.find(({ failure }) => failure !== null)).toMatchObject({
      ...{ orderId: orders[1]!.orderId, failure: 'no tags' },
    });
    expect(report.fields.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'summary.reference',
        'document.reference',
        'history.reference',
        'foundBy.words[]',
      ]),
    );
  });

  it('the stream of an order alone cannot be read, it tells of that order, and of all others as ever', async () => {
    const { orderId, stream } = orders[2]!;
    const report = await whatIf({
      eventStore: unreadableStreams(bench.eventStore, (asked) => asked === stream),
      ...{ pool: bench.pool, generation, definition: { summary: (asNow) => ({ ...asNow, more: true }) } },
    });
    expect(report).toMatchObject({ orders: 4, differing: 3, failing: 1, complete: true });
    expect(report.changed.find((one) => one.orderId === orderId)).toMatchObject({
      ...{ changeCount: 0, failure: `${stream} is not given` },
    });
  });

  it('an event is skipped, leaves it out', async () => {
    const { tenantId, orderId } = orders[1]!;
    await addSkip(bench.pool, {
      projection: 'orders',
      tenantId,
      orderId,
      revision: 2,
      reason: 'test',
      who: 'test',
    });
    const report = await asked({ document: (asNow) => ({ ...asNow, tags: asNow.tags.length }) });
    expect(report.changed.find((one) => one.orderId === orderId)!.changes).toEqual([
      { path: 'document.tags', revision: null, now: '["gift"]', then: '1' },
    ]);
  });

  it('an order is parked, or its stream was deleted, it says what is to be said of the others', async () => {
    const parked = new WrittenOrder(bench.eventStore);
    const deleted = new WrittenOrder(bench.eventStore);
    for (const order of [parked, deleted]) await order.does(place(order));
    const running = bench.start();
    await bench.caughtUp(running);
    await parked.receives({ type: UNKNOWN_TYPE });
    const client = EventStoreDBClient.connectionString(bench.eventStoreUrl);
    await client.tombstoneStream(deleted.stream);
    await client.dispose();
    await until('both are parked', async () => {
      const rows = await bench.rows('SELECT DISTINCT order_id FROM orderlog.quarantine');
      return rows.length === 2;
    });
    await running.stop();
    const report = await asked({ summary: (asNow) => ({ ...asNow }) });
    expect(report).toMatchObject({ orders: 6, events: 7, differing: 0, failing: 0, deleted: 1, changed: [] });
    expect(reportLines(report).at(-1)).toContain(
      ': 0 would differ, 1 stream was deleted; nothing was changed',
    );
    const changed = await asked({ summary: (asNow) => ({ ...asNow, more: true }) });
    expect(changed).toMatchObject({ differing: 5, failing: 0, deleted: 1 });
  });

  it('much of an order would change, it lists a part, and says how much it is', async () => {
    const order = orders[0]!;
    const { orderId } = order;
    for (let count = 0; count < 9; count++) await order.does(tags(`tag ${count}`));
    const running = bench.start();
    await bench.caughtUp(running);
    await running.stop();
    const more = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`more${index}`, index]));
    const report = await asked({
      summary: (asNow, now) => (now.orderId === orderId ? { ...asNow, ...more } : asNow),
    });
    expect(report.changed).toMatchObject([{ orderId, changeCount: 11 * 15 }]);
    expect(report.changed[0]!.changes).toHaveLength(100);
    expect(report.fields).toHaveLength(2 * 15);
    expect(reportLines(report)).toContain('  … 162 more');
  });

  it('a file is no definition, says so in one line', async () => {
    const file = join(folder, 'definition.mjs');
    for (const [text, line] of [
      ['export const summary = 1;', /does not have an object as its default export/],
      [
        'export default { sumary: () => 1 };',
        /holds sumary: a definition holds one or more of the functions fold, summary, document, foundBy/,
      ],
      ['export default {', /cannot be loaded: /],
    ] as const) {
      const path = file.replace('.mjs', `-${String(line).length}.mjs`);
      await writeFile(path, text);
      await expect(loadDefinition(path)).rejects.toThrow(line);
    }
    await writeFile(file, 'export default { summary: (asNow) => asNow };');
    expect(Object.keys(await loadDefinition(file))).toEqual(['summary']);
  });
});
