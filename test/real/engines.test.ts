import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from '@elastic/elasticsearch';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import { describeWith, startOwnEngine, type OwnEngine } from '#test/support/engines.js';
import { until } from '#test/support/until.js';

// An engine takes seconds to start, longer on a busy machine or where it is downloaded first.
const START_LIMIT_MS = 240_000;

let engine: OwnEngine | undefined;

function withOwn(name: 'elasticsearch' | 'kafka' | 'redis'): void {
  beforeAll(async () => {
    engine = await startOwnEngine(name);
  }, START_LIMIT_MS);
  afterAll(async () => {
    await engine?.stop();
    engine = undefined;
  }, START_LIMIT_MS);
}

describeWith('elasticsearch', 'an Elasticsearch of one test', () => {
  withOwn('elasticsearch');

  it(
    'has what it acknowledged after a kill, and is gone after a stop',
    async () => {
      const client = new Client({ node: engine!.url, maxRetries: 0 });
      await client.index({ index: 'things', id: '1', document: { word: 'mug' } });
      await engine!.kill();
      await expect(client.get({ index: 'things', id: '1' })).rejects.toThrow();
      await engine!.restart();
      const found = await until('the index is back', () =>
        client.get({ index: 'things', id: '1' }).catch(() => null),
      );
      expect(found._source).toEqual({ word: 'mug' });
      await engine!.stop();
      await expect(client.cluster.health()).rejects.toThrow();
      await client.close();
    },
    START_LIMIT_MS,
  );
});

describeWith('kafka', 'a Kafka of one test', () => {
  withOwn('kafka');

  it(
    'has its topics after a kill, and is gone after a stop',
    async () => {
      await asAdmin((admin) => admin.createTopics({ topics: [{ topic: 'things' }], waitForLeaders: true }));
      await engine!.kill();
      await expect(asAdmin((admin) => admin.listTopics())).rejects.toThrow();
      await engine!.restart();
      expect(await asAdmin((admin) => admin.listTopics())).toEqual(['things']);
      await engine!.stop();
      await expect(asAdmin((admin) => admin.listTopics())).rejects.toThrow();
    },
    START_LIMIT_MS,
  );
});

describeWith('redis', 'a Redis of one test', () => {
  withOwn('redis');

  it(
    'has what it was told after a kill, and is gone after a stop',
    async () => {
      const { port } = new URL(engine!.url);
      expect(await say(Number(port), 'SET thing mug')).toBe('+OK\r\n');
      await engine!.kill();
      await expect(say(Number(port), 'GET thing')).rejects.toThrow();
      await engine!.restart();
      expect(await say(Number(port), 'GET thing')).toBe('$3\r\nmug\r\n');
      await engine!.stop();
      await expect(say(Number(port), 'PING')).rejects.toThrow();
    },
    START_LIMIT_MS,
  );
});

/** On a connection of its own: a client that was connected before takes its old one for alive. */
async function asAdmin<T>(ask: (admin: Admin) => Promise<T>): Promise<T> {
  const brokers = [engine!.url];
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
  try {
    await admin.connect();
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}

/** One inline command in Redis's own protocol, and its answer. */
async function say(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write(`${command}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return answer.toString();
  } finally {
    socket.destroy();
  }
}
