import { describe, expect, it } from '@jest/globals';
import { decode, eventCodec } from '#event-store/codec.js';
import { OrderStreams } from '#event-store/order-streams.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { ExactEvent } from '#event-store/port.js';
import { foldFingerprint } from '#event-store/snapshots/fold-fingerprint.js';
import { judgeSnapshot } from '#event-store/snapshots/judge-snapshot.js';
import { openSnapshots } from '#event-store/snapshots/open-snapshots.js';
import { isUnusable } from '#event-store/snapshots/order-snapshots.js';
import { SnapshotCodec } from '#event-store/snapshots/snapshot-codec.js';
import { orderStream } from '#event-store/streams.js';
import { type TestCommandApi } from '../../support/command-api.js';
import { countOf } from '../../support/metrics.js';
import { ownEventStore } from '../../support/own-event-store.js';
import { fullFold, plantSnapshot } from '../../support/snapshots.js';
import { collected } from '../../support/stored-events.js';
import { until } from '../../support/until.js';

const TIMEOUT_MS = 60_000;
const EVERY_EVENTS = 5;
const COMMANDS_EACH = 40;

// The last one keeps nothing, and so loads the order for every command.
const its = ownEventStore({
  apis: [192, 1, 0].map((stateCacheMb) => ({
    loading: { snapshotEveryEvents: EVERY_EVENTS, snapshotCheckOneIn: 1, stateCacheMb },
  })),
});
const { apis } = its;

const total = async (name: string, outcome: string) =>
  (await Promise.all(apis.map((api) => countOf(api.url, name, outcome)))).reduce(
    (sum, each) => sum + each,
    0,
  );

const codec = new SnapshotCodec(plainPersonal, foldFingerprint);

const plant = (stream: string, event: ExactEvent) => plantSnapshot(its.store, stream, event);

/** A note by this process; one that others got in the way of is asked for again, with its key. */
async function addsNote(api: TestCommandApi, orderId: string, text: string): Promise<number> {
  const key = `note-${text.replaceAll(' ', '-')}`;
  const answer = await until(`note ${text}`, async () => {
    const sent = await api.send(`/v1/orders/${orderId}/notes`, { body: { text }, key });
    return sent.status === 409 || sent.status === 503 ? null : sent;
  });
  expect(answer.status).toBeLessThan(300);
  return answer.body['revision'] as number;
}

describe('three processes that write one order', () => {
  it(
    'lose nothing, and leave a snapshot that is right',
    async () => {
      const lines = [{ sku: 'MUG', name: 'A mug', quantity: 1, unitPriceMinor: 450 }];
      const placed = await apis[0]!.send('/v1/orders', { body: { currency: 'GBP', lines } });
      expect(placed.status).toBe(201);
      const orderId = placed.body['orderId'] as string;
      const stream = orderStream('default', orderId);

      const revisions = await Promise.all(
        apis.map(async (api, number) => {
          const mine: number[] = [];
          for (let n = 0; n < COMMANDS_EACH; n++)
            mine.push(await addsNote(api, orderId, `${number} of ${n}`));
          return mine;
        }),
      );

      const events = await decode(await collected(its.store.readStream(stream)));
      expect(events.map(({ recording }) => recording.revision)).toEqual(events.map((_, index) => index));
      expect(revisions.flat().sort((a, b) => a - b)).toEqual(events.slice(1).map((_, index) => index + 1));

      const snapshots = openSnapshots(its.store, plainPersonal);
      const latest = await until('a snapshot of the last events', async () => {
        const one = await snapshots.latest(stream);
        if (one.content === null || isUnusable(one.content)) return null;
        return one.content.revision > events.length - 2 * EVERY_EVENTS && one;
      });
      const streams = new OrderStreams(its.store, eventCodec(plainPersonal));
      expect(await judgeSnapshot(stream, latest, streams)).toMatchObject({ kind: 'right' });

      expect(await total('orderlog_snapshot_reads_total', 'used')).toBeGreaterThan(COMMANDS_EACH / 2);
      expect(await total('orderlog_snapshot_checks_total', 'same')).toBeGreaterThan(0);
      for (const outcome of ['different', 'failed']) {
        expect(await total('orderlog_snapshot_checks_total', outcome)).toBe(0);
      }
      for (const outcome of ['corrupt', 'foreign', 'stale', 'future', 'oversized', 'failed']) {
        expect(await total('orderlog_snapshot_reads_total', outcome)).toBe(0);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'give the first answer to a repeated request, whichever is asked',
    async () => {
      const lines = [{ sku: 'MUG', name: 'A mug', quantity: 1, unitPriceMinor: 450 }];
      const key = 'one order';
      const first = await apis[0]!.send('/v1/orders', { body: { currency: 'GBP', lines }, key });
      const orderId = first.body['orderId'] as string;
      for (let n = 0; n < 12; n++) await addsNote(apis[0]!, orderId, `${orderId} ${n}`);
      for (const api of apis) {
        const again = await api.send('/v1/orders', { body: { currency: 'GBP', lines }, key });
        expect(again.status).toBe(first.status);
        expect(again.body).toEqual(first.body);
        expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
        expect(again.headers.get('idempotent-replayed')).toBe('true');
      }
    },
    TIMEOUT_MS,
  );

  it(
    'tell in /metrics of a snapshot that is damaged, and of one that is wrong',
    async () => {
      const forgetful = apis[2]!;
      const lines = [{ sku: 'MUG', name: 'A mug', quantity: 1, unitPriceMinor: 450 }];
      const placed = await forgetful.send('/v1/orders', { body: { currency: 'GBP', lines } });
      const orderId = placed.body['orderId'] as string;
      const stream = orderStream('default', orderId);
      for (let n = 0; n < EVERY_EVENTS; n++) await addsNote(forgetful, orderId, `${orderId} ${n}`);
      const snapshots = openSnapshots(its.store, plainPersonal);
      // Earlier ones were left by loads; after this one nothing is written until the next load.
      const isFull = async () => {
        const { content } = await snapshots.latest(stream);
        return content !== null && !isUnusable(content) && content.revision === EVERY_EVENTS - 1;
      };
      await until('the snapshot of the first few events', isFull);
      const { order } = await fullFold(its.store, stream);
      const right = await codec.encode(order!);
      const wrong = await codec.encode({ ...order!, tags: ['nobody asked for it'] });

      await plant(stream, { ...right, data: right.data.slice(1) });
      await addsNote(forgetful, orderId, `${orderId} on a damaged one`);
      expect(await countOf(forgetful.url, 'orderlog_snapshot_reads_total', 'corrupt')).toBe(1);
      await until('a right one in its place', async () => {
        const { content } = await snapshots.latest(stream);
        return content !== null && !isUnusable(content);
      });

      await plant(stream, wrong);
      await addsNote(forgetful, orderId, `${orderId} on a wrong one`);
      await until('it was compared', async () => {
        return (await countOf(forgetful.url, 'orderlog_snapshot_checks_total', 'different')) === 1;
      });
    },
    TIMEOUT_MS,
  );
});
