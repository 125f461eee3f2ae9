import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { Client } from '@elastic/elasticsearch';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { describeWith, elasticsearchUrl, kafkaBrokers } from '../support/engines.js';
import { removeIndexes } from '../support/indexes.js';
import { WrittenOrder, note, place, tags } from '../support/order-streams.js';
import { ProjectionBench } from '../support/projections.js';
import { ProjectorPair } from '../support/projector-pair.js';
import type { ProjectorProcess } from '../support/projector-process.js';
import { relayed, someTopic, startRelay } from '../support/relays.js';
import { until } from '../support/until.js';

jest.setTimeout(300_000);

const WRITERS = 3;
const PATIENCE_MS = 120_000;
const PROJECTIONS = ['orders', 'search', 'relay:%'] as const;

describeWith(['elasticsearch', 'kafka'], 'two projectors with an index and a topic, under load,', () => {
  let bench: ProjectionBench;
  let client: Client;
  let kafka: KafkaConfig;
  let prefix: string;
  let pair: ProjectorPair;
  let stopWriting: () => Promise<void>;

  beforeEach(async () => {
    bench = await ProjectionBench.open();
    client = createElasticsearchClient({ url: elasticsearchUrl()!, apiKey: null, caFile: null });
    kafka = someTopic(kafkaBrokers()!);
    prefix = `test-${randomUUID().slice(0, 8)}`;
    pair = new ProjectorPair(bench, {
      ORDERLOG_ELASTICSEARCH_URL: elasticsearchUrl()!,
      ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: prefix,
      ORDERLOG_KAFKA_BROKERS: kafka.brokers.join(),
      ORDERLOG_KAFKA_TOPIC: kafka.topic,
      ORDERLOG_LOG_LEVEL: 'fatal',
    });
    const stop = new AbortController();
    const writing = Promise.all(Array.from({ length: WRITERS }, () => writeOrders(bench, stop.signal)));
    stopWriting = async () => {
      stop.abort();
      await writing;
    };
  });
  afterEach(async () => {
    await stopWriting();
    await pair.close();
    await removeIndexes(client, prefix);
    await client.close();
    await bench.close();
  });

  const positions = async () => {
    const rows = await bench.rows<{ projection: string; position: string }>(
      `SELECT projection, position FROM orderlog.checkpoints UNION ALL SELECT 'relay:%', position FROM orderlog.relays`,
    );
    return new Map(rows.map(({ projection, position }) => [projection, BigInt(position)]));
  };
  const moves = async (projection: string) => {
    const before = (await positions()).get(projection) ?? -1n;
    const further = async () => ((await positions()).get(projection) ?? -1n) >= before + 10n;
    await until(`${projection} moves`, further, PATIENCE_MS);
  };
  const ownedBy = async (process: ProjectorProcess) => {
    const owners = await Promise.all(PROJECTIONS.map((projection) => pair.owner(projection)));
    return PROJECTIONS.filter((_, index) => owners[index] === process);
  };
  const shared = async () => {
    await pair.start();
    const owner = await pair.owner('orders');
    await until('they share', async () => [1, 2].includes((await ownedBy(owner)).length), PATIENCE_MS);
    for (const projection of PROJECTIONS) await moves(projection);
  };
  const everythingIsRight = async () => {
    await stopWriting();
    const head = (await bench.eventStore.headPosition())!;
    const everywhere = async () => [...(await positions()).values()].filter((at) => at >= head).length === 3;
    await until('all is everywhere', everywhere, PATIENCE_MS);
    expect(await bench.verify(client)).toMatchObject({ differenceCount: 0, differences: [] });
    await pair.close();
    const last = startRelay(bench, kafka);
    await last.caughtUp();
    await last.stop();
    const { faults } = await relayed(bench.eventStore, kafka);
    expect(faults).toEqual([]);
  };

  it('share the projections, and each takes over what the other had when that is killed', async () => {
    await shared();
    for (let round = 0; round < 2; round++) {
      const busier = await pair.owner(round === 0 ? 'orders' : 'search');
      const had = await ownedBy(busier);
      const other = pair.other(busier);
      const gone = pair.ended(busier, 'SIGKILL');
      await Promise.all(had.map((projection) => pair.takesOver(other, projection)));
      await gone;
      for (const projection of PROJECTIONS) await moves(projection);
      await shared();
    }
    await everythingIsRight();
  });

  it.each([['orders'], ['search'], ['relay', 'relay:%']])(
    'leave %s right when its owner stands still past its lease and goes on',
    async (name, one = name) => {
      await shared();
      const owner = await pair.owner(one);
      const other = pair.other(owner);
      owner.kill('SIGSTOP');
      await pair.takesOver(other, one);
      await moves(one);
      owner.kill('SIGCONT');
      await until(
        'they share again',
        async () => [1, 2].includes((await ownedBy(owner)).length),
        PATIENCE_MS,
      );
      await moves(one);
      await everythingIsRight();
    },
  );
});

async function writeOrders(bench: ProjectionBench, signal: AbortSignal): Promise<void> {
  for (let lines = 1; !signal.aborted; lines = (lines % 40) + 1) {
    const order = new WrittenOrder(bench.eventStore);
    await order.does(place(order, lines), tags('gift'), note('ring twice'));
    await order.isFulfilled();
  }
}
