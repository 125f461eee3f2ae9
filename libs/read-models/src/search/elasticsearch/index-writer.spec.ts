import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { elasticsearchStub, type ElasticsearchStub } from '#test/support/elasticsearch-stub.js';
import { IndexBusy, IndexWriter, type ChangedOrder, type IndexWriterOptions } from './index-writer.js';

interface Outcome {
  readonly status: number;
  readonly error?: { readonly type: string; readonly reason: string };
}

const WRITTEN: Outcome = { status: 201 };
const NEWER: Outcome = {
  status: 409,
  error: { type: 'version_conflict_engine_exception', reason: 'current version [9] is higher' },
};
const REFUSED: Outcome = {
  status: 400,
  error: { type: 'mapper_parsing_exception', reason: 'failed to parse field [placedAt]' },
};
const BUSY: Outcome = {
  status: 429,
  error: { type: 'es_rejected_execution_exception', reason: 'rejected execution of primary operation' },
};
const AWAY: Outcome = {
  status: 503,
  error: { type: 'unavailable_shards_exception', reason: 'primary shard is not active' },
};

/** The document that is to be deleted is not there. */
const NOT_THERE: Outcome = { status: 404 };
const NO_INDEX: Outcome = {
  status: 404,
  error: { type: 'index_not_found_exception', reason: 'no such index [orders]' },
};

/** The position that the documents include no event after. */
const THROUGH = 41n;
const STRETCH = 'c0a80101-7b1c-4a52-9c9d-0f3f2f6f9a11';
const LAST_WRITE_SEQ = 7n;

const RETRIES = 8;
const PAUSE_LIMITS_MS = [100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000];
const PATIENCE_MIN_MS = 4_000;

describe('the writer of a search index', () => {
  let elasticsearch: ElasticsearchStub;
  /** The outcome of a document that is sent for the nth time. */
  let outcome: (orderId: string, time: number) => Outcome;
  /** The outcome of the document that tells how new anything in the index may be. */
  let ownOutcome: Outcome;
  /** The orders of each `_bulk` request. */
  let requests: string[][];
  let pauses: number[];

  beforeEach(async () => {
    [requests, pauses, ownOutcome] = [[], [], WRITTEN];
    elasticsearch = await elasticsearchStub((request, response) => {
      void text(request).then((body) => {
        const orderIds = ordersIn(body);
        requests.push(orderIds);
        const outcomes = orderIds.map((orderId) => outcome(orderId, timesSent(orderId)));
        const items = [
          { index: ownOutcome },
          ...outcomes.map((one, at) => ({ [orderIds[at]!.startsWith('no ') ? 'delete' : 'index']: one })),
        ];
        const errors = [ownOutcome, ...outcomes].some(({ error }) => error);
        response.end(JSON.stringify({ errors, items }));
      });
    });
  });
  afterEach(() => elasticsearch.close());

  const timesSent = (orderId: string) => requests.flat().filter((one) => one === orderId).length;
  const write = (orders: readonly ChangedOrder[], options: IndexWriterOptions = {}) => {
    const pause = async (pauseMs: number) => void pauses.push(pauseMs);
    return new IndexWriter(elasticsearch.client, 'orders', { concurrency: 1, pause, ...options }).write(
      orders,
      { position: THROUGH, stretch: STRETCH },
    );
  };

  it('sends again what the index was too busy for, alone and in its order', async () => {
    const busyTimes: Record<string, number> = { b: 1, d: 3, e: 3 };
    outcome = (orderId, time) => (time <= (busyTimes[orderId] ?? 0) ? BUSY : WRITTEN);
    expect(await write(orders('abcdef'))).toEqual([]);
    expect(requests).toEqual([[...'abcdef'], [...'bde'], [...'de'], [...'de']]);
  });

  it('sends all again where the shard was too busy for the request', async () => {
    ownOutcome = BUSY;
    outcome = (_, time) => (time === 1 ? BUSY : WRITTEN);
    const writing = write(orders('abc'), { pause: async () => void (ownOutcome = WRITTEN) });
    expect(await writing).toEqual([]);
    expect(requests).toEqual([[...'abc'], [...'abc']]);
  });

  it('deletes the document of an order that has no row any more, in its place, whether there is one or not', async () => {
    const [a, b, c] = orders('abc');
    const gone = [a!, { ...b!, document: 'gone' as const }, { ...c!, document: 'gone' as const }];
    outcome = (orderId, time) =>
      orderId === 'a' ? (time === 1 ? BUSY : WRITTEN) : orderId === 'no b' ? NOT_THERE : NEWER;
    expect(await write(gone)).toEqual([]);
    expect(requests).toEqual([['a', 'no b', 'no c'], ['a']]);
    outcome = () => NO_INDEX;
    await expect(write(gone)).rejects.toThrow(IndexBusy);
  });

  it('waits longer each time up to a limit, then gives up, and takes nothing for written', async () => {
    outcome = (orderId) => (orderId === 'b' ? BUSY : WRITTEN);
    await expect(write(orders('abc'))).rejects.toThrow(IndexBusy);
    expect(requests).toEqual([[...'abc'], ...Array.from({ length: RETRIES }, () => ['b'])]);
    expect(pauses).toHaveLength(RETRIES);
    for (const [retry, limitMs] of PAUSE_LIMITS_MS.entries()) {
      expect(pauses[retry]).toBeGreaterThanOrEqual(limitMs / 2);
      expect(pauses[retry]).toBeLessThanOrEqual(limitMs);
    }
    expect(pauses.reduce((sum, pauseMs) => sum + pauseMs, 0)).toBeGreaterThan(PATIENCE_MIN_MS);
  });

  it('leaves some of each pause to chance, so that not all who wait come back at once', async () => {
    outcome = () => BUSY;
    for (let round = 0; round < 2; round++) await expect(write(orders('a'))).rejects.toThrow(IndexBusy);
    expect(pauses.slice(0, RETRIES)).not.toEqual(pauses.slice(RETRIES));
  });

  it('sends nothing more once it has given up', async () => {
    outcome = (orderId) => (orderId === 'a' ? BUSY : WRITTEN);
    await expect(write(orders('ab'), { bulkMaxBytes: 1 })).rejects.toThrow(IndexBusy);
    expect(timesSent('b')).toBe(0);
  });

  it('gives up at once where the shard is away', async () => {
    outcome = () => AWAY;
    await expect(write(orders('ab'))).rejects.toThrow(/unavailable_shards_exception/);
    expect([requests.length, pauses.length]).toEqual([1, 0]);
  });

  it('takes an order for written where the index has a newer document of it', async () => {
    outcome = (orderId) => (orderId === 'b' ? NEWER : WRITTEN);
    expect(await write(orders('abc'))).toEqual([]);
    expect(requests).toEqual([[...'abc']]);
  });

  it('reports the document that is refused, once, and writes the rest', async () => {
    outcome = (orderId, time) => (orderId === 'b' ? REFUSED : time === 1 ? BUSY : WRITTEN);
    expect(await write(orders('abcd'))).toMatchObject([
      { orderId: 'b', reason: 'mapper_parsing_exception: failed to parse field [placedAt]' },
    ]);
    expect(requests).toEqual([[...'abcd'], [...'acd']]);
  });

  it('takes nothing for written when its marker was refused, unless the index has a newer marker', async () => {
    outcome = () => WRITTEN;
    ownOutcome = NEWER;
    expect(await write(orders('ab'))).toEqual([]);
    ownOutcome = REFUSED;
    await expect(write(orders('ab'))).rejects.toThrow(/take a document: mapper_parsing_exception/);
  });

  it('begins another request where one has as many bytes as it should', async () => {
    outcome = () => WRITTEN;
    await write([...orders('abc', 400), ...orders('d', 5_000), ...orders('ef', 400)], {
      bulkMaxBytes: 1_000,
    });
    expect(requests).toEqual([[...'abc'], ['d'], [...'ef']]);
  });
});

/** One order for each letter. */
function orders(ids: string, bytes = 0): ChangedOrder[] {
  return [...ids].map((orderId) => ({
    ...{ tenantId: 'default', orderId, revision: 0, writeSeq: LAST_WRITE_SEQ },
    document: Buffer.from(JSON.stringify({ orderId, words: 'x'.repeat(bytes) })),
  }));
}

/**
 * The orders of a `_bulk` body, in which actions and documents take turns; `no …` for an order whose document is
 * deleted. The first action is for the document that is no order's.
 */
function ordersIn(body: string): string[] {
  const [action, shown, ...lines] = body.trimEnd().split('\n');
  expect([action, shown].map((line) => JSON.parse(line!) as object)).toEqual([
    { index: { _id: 'shown-through', version: Number(LAST_WRITE_SEQ), version_type: 'external_gte' } },
    {
      ...{ shownThrough: THROUGH.toString(), writeSeq: LAST_WRITE_SEQ.toString() },
      texts: { stretch: STRETCH },
    },
  ]);
  const found: string[] = [];
  while (lines.length > 0) {
    const to = JSON.parse(lines.shift()!) as { index?: { _id: string }; delete?: { _id: string } };
    if (to.delete) {
      found.push(to.delete._id.replace('default.', 'no '));
      continue;
    }
    const { orderId } = JSON.parse(lines.shift()!) as { orderId: string };
    const id = to.index!._id;
    found.push(id === `default.${orderId}` ? orderId : `${orderId} as ${id}`);
  }
  return found;
}
