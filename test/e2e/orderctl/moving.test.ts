import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { StoredExactEvent } from '#event-store/port.js';
import { openEmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { createLogger } from '#platform/logging.js';
import { startQueryApi } from '../../../apps/query-api/src/start.js';
import { orderctl, ORDERCTL, startUp, type Finished, type Up } from '../../support/orderctl.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { shopFile } from '../../support/shop-file.js';
import { until } from '../../support/until.js';

// Two whole systems run here, on a machine that may be busy with others.
const TIMEOUT_MS = 300_000;
/** Lines that a command may tell where it takes longer than a few seconds. */
const PROGRESS = /^(?:.+: [\d,]+ events? read|[\d,]+ events?, at position .+|[\d.]+% \(.+)\n/gm;
const INVOICES = 60;
/** Makes enough to export that an export can be killed in its middle. */
const LARGE_ORDERS = 40;
const LINES_OF_LARGE_ORDER = 1_000;

let folder: string;
let from: { data: string; up: Up };
let to: { data: string; up: Up };
let whole: string;
let moved: WrittenOrder;

type System = typeof from;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-moving-'));
  from = await start();
  to = await start();
  whole = join(folder, 'whole.gz');
  const { path } = await shopFile(folder, INVOICES);
  const imported = await run(from, 'import', path, '--rejects', join(folder, 'rejects.csv'));
  expect(imported).toMatchObject({ code: 0 });
  await withStore(from, async (store) => {
    for (let count = 0; count < LARGE_ORDERS; count++) {
      moved = new WrittenOrder(store);
      await moved.does(place(moved, LINES_OF_LARGE_ORDER), tags('large'));
    }
  });
}, TIMEOUT_MS);

afterAll(async () => {
  for (const system of [from, to]) {
    await system?.up.end('SIGTERM');
    await rm(system?.data ?? folder, { recursive: true, force: true });
  }
  await rm(folder, { recursive: true, force: true });
}, TIMEOUT_MS);

async function start(): Promise<System> {
  const data = await mkdtemp(join(tmpdir(), 'orderlog-moving-data-'));
  return { data, up: await startUp(data, '--no-demo') };
}

const run = ({ data }: System, command: string, ...args: readonly string[]): Promise<Finished> =>
  orderctl(...command.split(' '), '--data', data, ...args);
const parsed = ({ stdout }: Finished) => JSON.parse(stdout) as Record<string, unknown>;
const storeUrl = ({ up }: System) => `esdb://127.0.0.1:${up.ports.store}?tls=false`;

async function withStore<T>(system: System, work: (store: DbClientEventStore) => Promise<T>): Promise<T> {
  const store = new DbClientEventStore({ connectionString: storeUrl(system) });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Every order's events, in the order of the store, byte for byte; without their positions. */
function ordersIn(system: System): Promise<object[]> {
  return withStore(system, async (store) => {
    const events: object[] = [];
    const { signal } = new AbortController();
    for await (const message of store.subscribeToAllExact({ after: null, streamPrefix: 'order-', signal })) {
      if (message.kind === 'caught_up') break;
      if (message.kind === 'event') events.push(comparable(message.event));
    }
    return events;
  });
}

function comparable({ position: _, data, metadata, ...event }: StoredExactEvent): object {
  return {
    ...event,
    data: Buffer.from(data).toString('hex'),
    metadata: Buffer.from(metadata).toString('hex'),
  };
}

/** A command of orderctl that is killed as soon as the condition holds; false: it had ended before. */
async function killed(args: readonly string[], when: () => Promise<boolean>): Promise<boolean> {
  const child = spawn(process.execPath, [ORDERCTL, ...args], { stdio: 'ignore' });
  const ended = new Promise<NodeJS.Signals | null>((done) =>
    child.once('exit', (_code, signal) => done(signal)),
  );
  let over = false;
  void ended.then(() => (over = true));
  await until('it is in its middle', async () => over || (await when()), TIMEOUT_MS);
  child.kill('SIGKILL');
  return (await ended) === 'SIGKILL';
}

async function postgresUrl({ data }: System): Promise<string> {
  const system = JSON.parse(await readFile(join(data, 'system.json'), 'utf8')) as { postgresUrl: string };
  return system.postgresUrl;
}

async function rowsOf(system: System, generation = 1): Promise<Record<string, unknown[]>> {
  const client = new pg.Client({ connectionString: await postgresUrl(system) });
  await client.connect();
  const rows: Record<string, unknown[]> = {};
  // Positions are of their store; a search row keeps the revision at which its words last changed in a batch.
  const left = { orders: '', order_history: 'position', order_search: 'revision', search_words: '' };
  for (const [table, column] of Object.entries(left)) {
    const { rows: found } = await client.query<{ row: unknown }>(
      `SELECT to_jsonb(t) - $1 AS row FROM gen_${generation}.${table} t ORDER BY (to_jsonb(t) - $1)::text COLLATE "C"`,
      [column],
    );
    rows[table] = found.map(({ row }) => row);
  }
  await client.end();
  return rows;
}

async function get(system: System, headers: Record<string, string> = {}): Promise<Response> {
  const { stdout } = await run(system, 'token', '--scope', 'orders:read');
  return fetch(`http://127.0.0.1:${system.up.ports.query}/v1/orders?limit=1`, {
    headers: { authorization: `Bearer ${stdout.trim()}`, ...headers },
  });
}

const headOf = (system: System) => withStore(system, async (store) => (await store.headPosition()) ?? 0n);

/** The order's next event, through the command API. */
async function tag(system: System, { orderId }: WrittenOrder, name: string): Promise<void> {
  const { stdout } = await run(system, 'token', '--scope', 'orders:write');
  const { status } = await fetch(`http://127.0.0.1:${system.up.ports.command}/v1/orders/${orderId}/tags`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${stdout.trim()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ tags: [name] }),
  });
  expect(status).toBe(200);
}

async function refusedInOneLine(finished: Promise<Finished>, code: number, says: RegExp): Promise<void> {
  const { code: given, stdout, stderr } = await finished;
  const said = stderr.replaceAll(PROGRESS, '');
  expect({ given, stdout, said }).toEqual({ given: code, stdout: '', said: expect.stringMatching(says) });
  if (code === 1) expect(said.trim().split('\n')).toHaveLength(1);
}

describe('a shop that moves to another event store', () => {
  it(
    'takes all its orders with it, and the read models come out the same',
    async () => {
      const exported = await run(from, 'events export', whole, '--json');
      expect(exported).toMatchObject({ code: 0 });
      const figures = parsed(exported);
      expect(figures).toMatchObject({ alreadyThere: 0 });

      const args = ['events', 'import', whole, '--data', to.data, '--at-once', '1'];
      // By one connection for all looks: one for each could take longer than the import.
      const wasKilled = await withStore(to, (store) =>
        killed(args, async () => ((await store.headPosition()) ?? 0n) > 40n),
      );
      expect(wasKilled).toBe(true);
      const before = (await ordersIn(to)).length;
      expect(before).toBeGreaterThan(0);
      expect(before).toBeLessThan(Number(figures['events']));
      const imported = parsed(await run(to, 'events import', whole, '--json'));
      expect(imported).toMatchObject({
        ...{ source: figures['store'], events: figures['events'], orders: figures['orders'] },
        ...{ sha256: figures['sha256'], alreadyThere: before, appended: Number(figures['events']) - before },
      });
      const again = await run(to, 'events import', whole);
      expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing changed') });

      expect(await ordersIn(to)).toEqual(await ordersIn(from));
      for (const system of [from, to]) {
        expect(parsed(await run(system, 'verify', '--json'))).toMatchObject({ differenceCount: 0 });
      }
      expect(await rowsOf(to)).toEqual(await rowsOf(from));
      const back = parsed(await run(to, 'events export', join(folder, 'back.gz'), '--json'));
      expect(back).toMatchObject({ sha256: figures['sha256'], store: imported['store'] });
    },
    TIMEOUT_MS,
  );

  it(
    'refuses a position of the old store, and takes its own',
    async () => {
      const answer = await get(from);
      const position = answer.headers.get('order-position')!;
      expect((await get(from, { 'consistent-with': position })).status).toBe(200);
      const refused = await get(to, { 'consistent-with': position });
      expect([refused.status, await refused.json()]).toMatchObject([
        400,
        { code: 'position_of_another_store' },
      ]);
      const own = (await get(to)).headers.get('order-position')!;
      expect((await get(to, { 'consistent-with': own })).status).toBe(200);
    },
    TIMEOUT_MS,
  );

  it(
    'reads no rows of the old one beside the streams of the new one',
    async () => {
      const issuer = await openEmbeddedIssuer(join(from.data, 'keys'));
      const settings = {
        ...{ host: '127.0.0.1', port: 0, ...issuer },
        ...{ postgresUrl: await postgresUrl(from), eventStoreUrl: storeUrl(to), elasticsearch: null },
      };
      const api = await startQueryApi(settings, createLogger('query-api', 'silent'));
      const ready = await fetch(`http://127.0.0.1:${api.port}/health/ready`);
      expect([ready.status, await ready.json()]).toMatchObject([
        503,
        { checks: { generation: 'ok', eventStore: 'failed' } },
      ]);
      await api.close();
    },
    TIMEOUT_MS,
  );

  it(
    'may have its read models built anew',
    async () => {
      const renewed = await run(from, 'read-models renew');
      expect(renewed).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('generation 1 is set aside'),
      });
      process.kill(from.up.processes().get('projector')!, 'SIGKILL');
      await until(
        'they are built',
        async () => (await run(from, 'verify', '--json')).stdout.includes('"generation":2'),
        TIMEOUT_MS,
      );
      expect(parsed(await run(from, 'verify', '--json'))).toMatchObject({
        generation: 2,
        differenceCount: 0,
      });
      expect(await rowsOf(from, 2)).toEqual(await rowsOf(to));
    },
    TIMEOUT_MS,
  );
});

describe('an export', () => {
  it(
    'that is killed goes on when it is started again, to the same content',
    async () => {
      let path = '';
      const headerOnlyBytes = 2_000;
      await until(
        'one was killed in its middle',
        async () => {
          path = join(folder, `killed-${Math.random()}.gz`);
          const size = () =>
            stat(path).then(
              (found) => found.size,
              () => 0, // not begun yet
            );
          const args = ['events', 'export', path, '--data', from.data];
          await killed(args, async () => (await size()) > headerOnlyBytes);
          return (await run(from, 'events import', path)).stderr.includes('is incomplete');
        },
        TIMEOUT_MS,
      );
      const rest = parsed(await run(from, 'events export', path, '--json'));
      const { sha256, events } = parsed(await run(from, 'events export', join(folder, 'uncut.gz'), '--json'));
      expect(rest).toMatchObject({ sha256, events });
      expect(rest['alreadyThere']).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

describe('an import', () => {
  it(
    'says in one line what is wrong with the file, and writes nothing',
    async () => {
      const before = await headOf(to);
      const bytes = await readFile(whole);
      const given = async (content: Uint8Array | string) => {
        const path = join(folder, `given-${Math.random()}.gz`);
        await writeFile(path, content);
        return run(to, 'events import', path);
      };
      const damaged = Buffer.from(bytes);
      damaged[Math.floor(bytes.length / 2)]! ^= 1;
      await refusedInOneLine(given(damaged), 1, /^orderctl: \S+: chunk \d+ is damaged: its checksum differs/);
      const torn = bytes.subarray(0, Math.floor(bytes.length * 0.7));
      await refusedInOneLine(given(torn), 1, /is incomplete: it ends after \d+ events. Run the export again/);
      await refusedInOneLine(
        given('InvoiceNo,StockCode\n1,A\n'),
        1,
        /it is not a file that `orderctl events export` wrote/,
      );
      await refusedInOneLine(run(to, 'events import', join(folder, 'none')), 1, /there is no such file/);
      await refusedInOneLine(run(to, 'events export', whole), 1, /is an export of event store/);
      await refusedInOneLine(run(from, 'events export', whole), 1, /is complete already/);
      await refusedInOneLine(run(to, 'events import'), 2, /missing required argument/);
      await refusedInOneLine(
        run(to, 'events import', whole, '--at-once', '0'),
        2,
        /from 1 to 1000 is needed/,
      );
      expect(await headOf(to)).toBe(before);
    },
    TIMEOUT_MS,
  );

  it(
    'leaves alone a stream that went on otherwise, and names it',
    async () => {
      const { stream } = moved;
      const path = join(folder, 'later.gz');
      await tag(from, moved, 'in the old store');
      await run(from, 'events export', path);
      await tag(to, moved, 'in the new store');
      const before = await ordersIn(to);
      await refusedInOneLine(
        run(to, 'events import', path),
        1,
        new RegExp(`^orderctl: ${stream} differs at revision 2: the event store has another event there`),
      );
      expect(await ordersIn(to)).toEqual(before);
    },
    TIMEOUT_MS,
  );
});
