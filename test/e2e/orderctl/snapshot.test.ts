import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import { foldFingerprint } from '#event-store/snapshots/fold-fingerprint.js';
import { openSnapshots } from '#event-store/snapshots/open-snapshots.js';
import { SnapshotCodec } from '#event-store/snapshots/snapshot-codec.js';
import { snapshotStream } from '#event-store/streams.js';
import { nextOrderEvent } from '#event-store/next-order-event.js';
import { note, place, tags, WrittenOrder } from '../../support/order-streams.js';
import { orderctl, startUp, type Up } from '../../support/orderctl.js';
import { storedSnapshots } from '../../support/snapshots.js';
import { until } from '../../support/until.js';

const TIMEOUT_MS = 180_000;
const EVENTS = 130;

let data: string;
let up: Up;
let store: DbClientEventStore;
let orders: readonly WrittenOrder[];
let short: WrittenOrder;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'orderlog-snapshot-'));
  up = await startUp(data, '--no-demo');
  store = new DbClientEventStore({ connectionString: `esdb://127.0.0.1:${up.ports.store}?tls=false` });
  orders = await Promise.all([1, 2, 3].map(longOne));
  short = new WrittenOrder(store);
  await short.does(place(short), tags('short'));
}, TIMEOUT_MS);

afterAll(async () => {
  await store?.close();
  await up?.end('SIGTERM');
  await rm(data, { recursive: true, force: true });
}, TIMEOUT_MS);

async function longOne(number: number): Promise<WrittenOrder> {
  const order = new WrittenOrder(store);
  await order.does(place(order));
  for (let n = 1; n < EVENTS; n++) await order.does(n % 9 === 0 ? note(`note ${n}`) : tags(`${number} ${n}`));
  return order;
}

const run = async (...args: readonly string[]) => {
  const { code, stdout, stderr } = await orderctl('snapshot', ...args, '--data', data, '--json');
  if (stdout === '') throw new Error(stderr);
  return { code, ...(JSON.parse(stdout) as { outcomes: Record<string, number>; findings: unknown[] }) };
};

describe('orderctl snapshot', () => {
  it(
    'rebuild writes what is missing, and nothing more when it is run again',
    async () => {
      expect(await run('verify')).toMatchObject({ code: 0, orders: 0, outcomes: {} });
      expect(await run('rebuild')).toMatchObject({ code: 0, outcomes: { written: 3 } });
      expect(await run('rebuild')).toMatchObject({ code: 0, outcomes: { right: 3 } });
      expect(await run('verify')).toMatchObject({ code: 0, outcomes: { right: 3 }, findings: [] });
      const latest = await openSnapshots(store, plainPersonal).latest(orders[0]!.stream);
      expect(latest.content).toEqual(orders[0]!.state);
    },
    TIMEOUT_MS,
  );

  it(
    'leaves the projections, the export and the count of orders as they are',
    async () => {
      const read = JSON.parse((await orderctl('verify', '--data', data, '--json')).stdout) as object;
      expect(read).toMatchObject({ orders: 4, differenceCount: 0 });
      const file = join(data, 'orders.gz');
      const exported = await orderctl('events', 'export', file, '--data', data, '--json');
      expect(JSON.parse(exported.stdout)).toMatchObject({ orders: 4, events: 3 * EVENTS + 2 });
      // The last thing in the log is a snapshot: nobody waits for it.
      expect(await nextOrderEvent(store, await store.headPosition())).toBeNull();
      await until('nothing is behind', async () => {
        const { stdout } = await orderctl('status', '--data', data);
        return stdout.includes('up to date') && !/\d positions behind/.test(stdout);
      });
    },
    TIMEOUT_MS,
  );

  it(
    'verify names the one that is wrong, and rebuild mends it',
    async () => {
      const [one, other] = orders as [WrittenOrder, WrittenOrder];
      const codec = new SnapshotCodec(plainPersonal, foldFingerprint);
      const plant = async (at: WrittenOrder, state: WrittenOrder['order']) => {
        const [last] = await storedSnapshots(store, at.stream);
        await store.appendExact(snapshotStream(at.stream), [await codec.encode(state)], last!.revision);
      };
      await plant(one, { ...one.order, onHold: true });
      await plant(other, orders[2]!.order);
      const ofShort = await codec.encode({ ...short.order, onHold: true });
      await store.appendExact(snapshotStream(short.stream), [ofShort], 'no_stream');
      const found = await run('verify');
      expect(found).toMatchObject({ code: 1, outcomes: { right: 1, different: 2, foreign: 1 } });
      expect(found.findings).toEqual(
        expect.arrayContaining([
          {
            stream: one.stream,
            what: `the snapshot at revision ${EVENTS - 1} differs from the events in onHold`,
          },
        ]),
      );
      expect(await run('rebuild')).toMatchObject({ code: 0, outcomes: { right: 1, written: 3 } });
      expect(await run('verify')).toMatchObject({ code: 0, outcomes: { right: 4 } });
    },
    TIMEOUT_MS,
  );

  it(
    'drop hides them all, and rebuild writes them anew',
    async () => {
      expect(await run('drop')).toMatchObject({ code: 0, outcomes: { dropped: 4 } });
      expect(await storedSnapshots(store, orders[0]!.stream)).toEqual([]);
      expect(await run('verify')).toMatchObject({ code: 0, outcomes: { absent: 4 } });
      expect(await run('drop')).toMatchObject({ code: 0, outcomes: { absent: 4 } });
      expect(await run('rebuild', '--min-events', '50')).toMatchObject({
        code: 0,
        outcomes: { written: 3, 'too short': 1 },
      });
      expect(await storedSnapshots(store, orders[0]!.stream)).toHaveLength(1);
      expect(await run('verify')).toMatchObject({ code: 0, outcomes: { right: 3, absent: 1 } });
    },
    TIMEOUT_MS,
  );

  it(
    'says in one line what is wrong with what it is given',
    async () => {
      const wrong = await orderctl('snapshot', 'rebuild', '--min-events', 'many', '--data', data);
      expect(wrong.code).toBe(2);
      const away = await orderctl('snapshot', 'verify', '--data', join(data, 'nothing'));
      expect(away).toMatchObject({ code: 1, stdout: '' });
      expect(away.stderr.trim().split('\n')).toHaveLength(1);
    },
    TIMEOUT_MS,
  );
});
