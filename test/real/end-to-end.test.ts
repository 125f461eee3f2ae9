import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from '@elastic/elasticsearch';
import { Kafka, logLevel } from 'kafkajs';
import { differencesOf } from '#test/support/copies-compared.js';
import { describeWith, elasticsearchUrl, kafkaBrokers } from '#test/support/engines.js';
import { readFourCopies, type FourCopies } from '#test/support/four-copies.js';
import { removeIndexes } from '#test/support/indexes.js';
import { failureOf, orderctl, startUpWith, type Up } from '#test/support/orderctl.js';
import { shopFile } from '#test/support/shop-file.js';

const FULL = process.env['ORDERLOG_TEST_RETAIL_FULL'] === '1';
const INVOICES = FULL ? null : 2_000;
const LIMIT_MS = FULL ? 1_800_000 : 300_000;
const SHOWN_DIFFERENCES = 20;

const own = `e2e-${randomUUID().slice(0, 8)}`;
const topic = `orders.events.${own}`;

describeWith(['elasticsearch', 'kafka'], 'a shop on real engines', () => {
  let folder: string;
  let data: string;
  let up: Up;
  let imported: { ordersPlaced: number; totalMinor: number; refundedMinor: number; returnsClosed: number };
  let copies: FourCopies;

  const run = (command: string, ...args: readonly string[]) => orderctl(command, '--data', data, ...args);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-real-'));
    // Beside the other folder, not in it: under root, PostgreSQL's user may not pass through that one.
    data = await mkdtemp(join(tmpdir(), 'orderlog-real-data-'));
    const settings = { ORDERLOG_KAFKA_TOPIC: topic, ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: own };
    const engines = ['--elasticsearch', elasticsearchUrl()!, '--kafka', kafkaBrokers()!.join(',')];
    up = await startUpWith(settings, data, '--no-demo', ...engines);
  }, LIMIT_MS);

  afterAll(async () => {
    await up?.end('SIGTERM');
    await removeIndexesAndTopic();
    for (const path of [folder, data]) await rm(path, { recursive: true, force: true });
  }, LIMIT_MS);

  it(
    'imports its orders',
    async () => {
      const { path, origin } = await shopFile(folder, INVOICES);
      const rejects = join(folder, 'rejects.csv');
      const finished = await run('import', path, '--rejects', rejects, '--json');
      expect(failureOf(finished)).toBeNull();
      imported = JSON.parse(finished.stdout) as typeof imported;
      process.stdout.write(`${origin}: ${finished.stdout}`);
      expect(imported.ordersPlaced).toBeGreaterThan(0);
      expect(imported.returnsClosed).toBeGreaterThan(0);
    },
    LIMIT_MS,
  );

  it(
    'finds no difference by verify',
    async () => {
      const verified = await run('verify', '--kafka', '--json');
      process.stdout.write(verified.stdout);
      expect(failureOf(verified)).toBeNull();
      expect(JSON.parse(verified.stdout)).toMatchObject({
        orders: imported.ordersPlaced,
        differenceCount: 0,
      });
    },
    LIMIT_MS,
  );

  it(
    'names the engines behind it, with their versions',
    async () => {
      const { stdout } = await run('status', '--json');
      const { engines } = JSON.parse(stdout) as { engines: { port: string }[] };
      const at = (port: string) => engines.find((one) => one.port === port);
      expect(at('search')).toMatchObject({
        engine: 'Elasticsearch',
        version: expect.stringMatching(/^9\.\d+\.\d+$/),
        detail: expect.stringContaining(own),
      });
      // Kafka's protocol tells no version of a broker.
      expect(at('integration events')).toMatchObject({
        engine: 'Kafka',
        version: null,
        detail: expect.stringMatching(new RegExp(`^cluster \\S+, brokers: \\d+, topic ${topic}$`)),
      });
    },
    LIMIT_MS,
  );

  it(
    'has every order in its stream, its row, its document and its messages, alike',
    async () => {
      const { eventStoreUrl, postgresUrl } = JSON.parse(
        await readFile(join(data, 'system.json'), 'utf8'),
      ) as { eventStoreUrl: string; postgresUrl: string };
      const kafka = { brokers: kafkaBrokers()!, topic };
      copies = await readFourCopies({
        eventStoreUrl,
        postgresUrl,
        elasticsearchUrl: elasticsearchUrl()!,
        kafka,
      });
      const sizes = [copies.streams, copies.rows, copies.documents, copies.messages].map(({ size }) => size);
      expect(sizes).toEqual(Array(4).fill(imported.ordersPlaced));
      expect(differencesOf(copies).slice(0, SHOWN_DIFFERENCES)).toEqual([]);
    },
    LIMIT_MS,
  );

  it('has the money that the file has, wherever it is added up', () => {
    const sum = (of: Iterable<Record<string, unknown>>, field: string) =>
      [...of].reduce((total, one) => total + Number(one[field]), 0);
    const { totalMinor, refundedMinor } = imported;
    for (const place of [copies.rows, copies.documents]) {
      expect(sum(place.values(), 'orderedTotalMinor')).toBe(totalMinor);
      expect(sum(place.values(), 'refundedMinor')).toBe(refundedMinor);
    }
    for (const place of [copies.streams, copies.messages]) {
      const placed = [...place.values()].map(([first]) => first!.data as unknown as { lines: Line[] });
      const worth = placed.flatMap(({ lines }) => lines.map((line) => line.quantity * line.unitPriceMinor));
      expect(worth.reduce((total, one) => total + one, 0)).toBe(totalMinor);
    }
  });
});

/** What the system made for itself on engines that others use too. */
async function removeIndexesAndTopic(): Promise<void> {
  const client = new Client({ node: elasticsearchUrl()! });
  await removeIndexes(client, own);
  await client.close();
  const brokers = [...kafkaBrokers()!];
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
}

interface Line {
  readonly quantity: number;
  readonly unitPriceMinor: number;
}
