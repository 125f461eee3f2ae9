import { afterEach, it } from '@jest/globals';
import { onGenerationNews } from '#projections/generations/generation-news.js';
import { freshDatabase } from '../../support/database.js';
import { startTcpProxy, through } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

it('news of generations are looked for again where the network says nothing more, and the connection stays open', async () => {
  const database = await freshDatabase();
  cleanups.push(database.drop);
  const proxy = await startTcpProxy(Number(new URL(database.url).port));
  cleanups.push(() => proxy.close());
  const url = through(proxy, database.url);
  const stop = new AbortController();
  let looks = 0;
  const errors: unknown[] = [];
  const listening = onGenerationNews(
    url,
    async () => void looks++,
    (error) => errors.push(error),
    stop.signal,
  );
  cleanups.push(async () => {
    stop.abort();
    await listening;
  });
  await until('it has looked', () => looks > 0);
  proxy.swallowAnswers();
  await until('it has missed an answer', () => errors.length > 0, 20_000);
  const before = looks;
  await until('it looks again', () => looks > before, 20_000);
}, 60_000);
