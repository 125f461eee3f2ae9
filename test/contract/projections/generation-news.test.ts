import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { onGenerationNews } from '#projections/generations/generation-news.js';
import { freshDatabase } from '../../support/database.js';
import { startTcpProxy, through, type TcpProxy } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(60_000);

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe('news of generations are looked for again', () => {
  it('where the network says nothing more, and the connection stays open', async () => {
    const { proxy, looks, errors } = await listening();
    proxy.swallowAnswers();
    await until('it has missed an answer', () => errors.length > 0, 20_000);
    const before = looks();
    await until('it looks again', () => looks() > before, 20_000);
  });

  it('where what takes the next connection says nothing on it', async () => {
    const { proxy, looks, connections } = await listening();
    proxy.holdAnswers();
    proxy.cut();
    await until('it has connected again', () => connections() === 2);
    const before = looks();
    proxy.swallowAnswers();
    proxy.passAnswers();
    await until('it looks again', () => looks() > before, 20_000);
    expect(connections()).toBe(3);
  });
});

interface Listening {
  readonly proxy: TcpProxy;
  readonly errors: readonly unknown[];
  readonly looks: () => number;
  readonly connections: () => number;
}

/** Through a proxy, and has looked. */
async function listening(): Promise<Listening> {
  const database = await freshDatabase();
  cleanups.push(database.drop);
  let connections = 0;
  const proxy = await startTcpProxy(Number(new URL(database.url).port), () => connections++);
  cleanups.push(() => proxy.close());
  const stop = new AbortController();
  let looks = 0;
  const errors: unknown[] = [];
  const ended = onGenerationNews(
    through(proxy, database.url),
    async () => void looks++,
    (error) => errors.push(error),
    stop.signal,
  );
  cleanups.push(async () => {
    stop.abort();
    proxy.cut();
    await ended;
  });
  await until('it has looked', () => looks > 0);
  return { proxy, errors, looks: () => looks, connections: () => connections };
}
