import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createClient } from '#client/orderlog-client.js';
import { freePort } from '#platform/free-port.js';
import { freshDatabase } from '../../support/database.js';
import { startTestEventStore } from '../../support/event-store.js';
import { orderctl, orderctlOf, startUp, startUpWith } from '../../support/orderctl.js';
import { mugOrder } from '../../support/orders.js';
import { repositoryRoot } from '../../support/seeded-tree.js';

const TIMEOUT_MS = 180_000;

/** Asked otherwise than `status` asks: after its name in what PostgreSQL says of itself. */
async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>('SELECT version() AS name');
  await client.end();
  return /^PostgreSQL (\S+(?: \(.*?\))?) on /.exec(rows[0]!.name)![1]!;
}

describe('orderctl up, on engines that run elsewhere', () => {
  let data: string;
  let store: Awaited<ReturnType<typeof startTestEventStore>>;
  let database: Awaited<ReturnType<typeof freshDatabase>>;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'orderlog-e2e-'));
    [store, database] = await Promise.all([startTestEventStore(), freshDatabase()]);
  }, TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all([store.close(), database.drop(), rm(data, { recursive: true, force: true })]);
  });

  const run = (...args: string[]) => orderctl(...args, '--data', data);

  it(
    'starts none of its own, and takes an order there',
    async () => {
      const withPassword = store.url.replace('//', '//admin:changeit@');
      const up = await startUp(data, '--no-demo', '--event-store', withPassword, '--postgres', database.url);
      try {
        expect(up.output.stdout).toContain(`event store  ${store.url}\n`);
        expect(up.output.stdout + up.output.stderr).not.toContain('changeit');
        expect([...up.processes().keys()].sort()).toEqual(['command-api', 'projector', 'query-api']);
        expect(existsSync(join(data, 'pg'))).toBe(false);
        const token = (await run('token', '--scope', 'orders:read orders:write')).stdout.trim();
        const client = createClient({ commandUrl: `http://127.0.0.1:${up.ports.command}`, token });
        await client.placeOrder({ ...mugOrder(), reference: 'ELSEWHERE-1' });
        expect(await run('verify')).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('1 order compared'),
        });
        const { stdout } = await run('status', '--json');
        const { engines } = JSON.parse(stdout) as { engines: object[] };
        const postgres = {
          engine: 'PostgreSQL',
          version: await versionOf(database.url),
          detail: 'schema gen_1',
          away: false,
        };
        expect(engines).toEqual([
          // Ours has no version of its own: it tells whose protocol it speaks.
          {
            ...{ port: 'events', engine: 'embedded', version: null },
            detail: expect.stringMatching(/^protocol of EventStoreDB \d+\.\d+\.\d+$/),
            away: false,
          },
          { port: 'read models', ...postgres },
          { port: 'search', ...postgres },
          { port: 'integration events', engine: 'none', version: null, detail: null, away: false },
        ]);
      } finally {
        expect(await up.end('SIGTERM')).toBe(0);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'is told of them by the environment as every other command is, where no option says otherwise',
    async () => {
      const nobody = `127.0.0.1:${await freePort()}`;
      const environment = {
        ORDERLOG_EVENT_STORE_URL: store.url,
        ORDERLOG_POSTGRES_URL: `postgres://${nobody}/x`,
      };
      const up = await startUpWith(environment, data, '--no-demo', '--postgres', database.url);
      try {
        expect(up.output.stdout).toContain(`starting on ${data}, ORDERLOG_EVENT_STORE_URL …\n`);
        expect(up.output.stdout).toContain(`event store  ${store.url}\n`);
        expect([...up.processes().keys()].sort()).toEqual(['command-api', 'projector', 'query-api']);
        const settings = { ORDERLOG_EVENT_STORE_URL: store.url, ORDERLOG_DATA: data };
        expect(await orderctlOf(repositoryRoot, settings, 'verify')).toMatchObject({ code: 0 });
      } finally {
        expect(await up.end('SIGTERM')).toBe(0);
      }
      expect(existsSync(join(data, 'pg'))).toBe(false);
    },
    TIMEOUT_MS,
  );

  it.each<[string, string, RegExp]>([
    [
      'ORDERLOG_POSTGRES_URL',
      'postgres://127.0.0.1:PORT/x',
      /^orderctl: PostgreSQL given by ORDERLOG_POSTGRES_URL does not answer: [^\n]+\n$/,
    ],
    [
      'ORDERLOG_EVENT_STORE_URL',
      'esdb://127.0.0.1:PORT?tls=false',
      /^orderctl: the event store given by ORDERLOG_EVENT_STORE_URL does not answer: [^\n]+\n$/,
    ],
    [
      'ORDERLOG_POSTGRES_URL',
      'localhost',
      /^orderctl: ORDERLOG_POSTGRES_URL is not a URL of the right kind: [^\n]+\n$/,
    ],
  ])(
    'says in one line what is wrong with %s=%s, and leaves nothing running',
    async (name, url, stderr) => {
      const environment = { [name]: url.replace('PORT', String(await freePort())) };
      const ports = ['--command-port', '0', '--query-port', '0', '--event-store-port', '0'];
      const ended = await orderctlOf(repositoryRoot, environment, 'up', ...ports, '--data', data);
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringMatching(stderr) });
      expect(existsSync(join(data, 'up.lock'))).toBe(false);
    },
    TIMEOUT_MS,
  );

  it.each<[string, readonly string[], number, RegExp]>([
    [
      'postgres',
      ['--postgres', 'postgres://127.0.0.1:PORT/x'],
      1,
      /^orderctl: PostgreSQL given by --postgres does not answer: [^\n]+\n$/,
    ],
    [
      'event-store',
      ['--event-store', 'esdb://127.0.0.1:PORT?tls=false'],
      1,
      /^orderctl: the event store given by --event-store does not answer: [^\n]+\n$/,
    ],
    [
      'elasticsearch',
      ['--elasticsearch', '127.0.0.1:9200'],
      2,
      /^orderctl: --elasticsearch needs a URL of the kind http:[^\n]+\n$/,
    ],
    [
      'elasticsearch',
      ['--elasticsearch', 'https://127.0.0.1:9200,http://127.0.0.1:9201'],
      2,
      /^orderctl: --elasticsearch mixes nodes with https: and http: URLs: [^\n]+\n$/,
    ],
    [
      'event-store',
      ['--event-store', 'esdb://127.0.0.1:2113?tls=perhaps'],
      2,
      /^orderctl: --event-store is not understood: [^\n]+\n$/,
    ],
    [
      'kafka',
      ['--kafka', 'http://127.0.0.1:9092'],
      2,
      /^orderctl: --kafka is not a list of brokers: give HOST:PORT,HOST:PORT\n$/,
    ],
  ])(
    'says in one line what is wrong with --%s, and leaves nothing running',
    async (_option, args, code, stderr) => {
      const port = String(await freePort());
      const ports = ['--command-port', '0', '--query-port', '0', '--event-store-port', '0'];
      const ended = await run('up', ...ports, ...args.map((arg) => arg.replace('PORT', port)));
      expect(ended).toMatchObject({ code, stderr: expect.stringMatching(stderr) });
      expect(existsSync(join(data, 'up.lock'))).toBe(false);
    },
    TIMEOUT_MS,
  );
});
