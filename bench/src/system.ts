import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Pool } from 'undici';
import { overridden } from '#platform/config.js';
import { freePort } from '#platform/free-port.js';

const run = promisify(execFile);
export const ORDERCTL = 'apps/orderctl/bin/orderctl.js';

/** The embedded system as a user starts it, in a folder that is removed with it. */
export interface System {
  readonly dataDir: string;
  readonly commandUrl: string;
  readonly queryUrl: string;
  readonly eventStoreUrl: string;
  readonly postgresUrl: string;
  /** Whether orders are searched in Elasticsearch. */
  readonly usesIndex: boolean;
  readonly token: string;
  readonly commands: Pool;
  readonly queries: Pool;
  stop(): Promise<void>;
}

export const IN_FLIGHT = 64;
/** Longer than any machine takes; without it, a start that goes wrong would be waited for for ever. */
const START_LIMIT_MS = 120_000;

/** Engines named in the environment are meant for other commands: the bench neither fills nor measures them. */
const embedded = { ORDERLOG_EVENT_STORE_URL: '', ORDERLOG_POSTGRES_URL: '' };

/** @param engines options of `orderctl up` that name engines elsewhere */
export async function startSystem(
  engines: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<System> {
  const dataDir = await mkdtemp(join(tmpdir(), 'orderlog-bench-'));
  const [command, query, store] = await Promise.all([freePort(), freePort(), freePort()]);
  const child = spawn(
    process.execPath,
    [
      ORDERCTL,
      'up',
      '--no-demo',
      '--data',
      dataDir,
      '--command-port',
      String(command),
      '--query-port',
      String(query),
      '--event-store-port',
      String(store),
      ...engines,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...overridden(process.env, embedded), ...environment } },
  );
  await untilReady(child);
  const addresses = JSON.parse(readFileSync(join(dataDir, 'system.json'), 'utf8')) as {
    commandUrl: string;
    queryUrl: string;
    eventStoreUrl: string;
    postgresUrl: string;
  };
  const scopes = 'orders:read orders:write orders:refund orders:admin';
  const { stdout } = await run(process.execPath, [ORDERCTL, 'token', '--data', dataDir, '--scope', scopes]);
  const commands = new Pool(addresses.commandUrl, { connections: IN_FLIGHT });
  const queries = new Pool(addresses.queryUrl, { connections: IN_FLIGHT });
  return {
    dataDir,
    ...addresses,
    usesIndex: engines.includes('--elasticsearch'),
    token: stdout.trim(),
    commands,
    queries,
    stop: async () => {
      await Promise.all([commands.close(), queries.close()]);
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGINT');
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function untilReady(child: ChildProcess): Promise<void> {
  let printed = '';
  let limit: NodeJS.Timeout;
  await new Promise<void>((ready, failed) => {
    child.once('exit', (code) => failed(new Error(`orderctl up ended with ${code}: ${printed}`)));
    limit = setTimeout(() => {
      child.kill('SIGINT');
      failed(new Error(`orderctl up does not say that it is ready: ${printed}`));
    }, START_LIMIT_MS);
    child.stdout!.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8');
      if (printed.includes('Ctrl-C stops everything')) ready(); // the last line
    });
  }).finally(() => clearTimeout(limit));
  child.stdout!.removeAllListeners('data').resume();
}

export interface Answer {
  readonly body: {
    readonly orderId: string;
    readonly revision: number;
    readonly events: readonly { readonly type: string; readonly ids: Record<string, string> }[];
  };
  readonly position: string;
}

/** Sends one mutating request; anything but success stops the bench. */
export async function command(
  system: System,
  path: string,
  key: string,
  body: unknown,
  method: 'POST' | 'PUT' = 'POST',
): Promise<Answer> {
  const response = await system.commands.request({
    path,
    method,
    headers: {
      authorization: `Bearer ${system.token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.body.text();
  if (response.statusCode >= 300) throw new Error(`${path} answered ${response.statusCode}: ${text}`);
  return { body: JSON.parse(text) as Answer['body'], position: String(response.headers['order-position']) };
}

export interface Question {
  /** Body of a POST; a question without one is a GET. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses that are no failure; by default only 200. */
  readonly expected?: readonly number[];
}

export interface QueryAnswer {
  readonly status: number;
  readonly text: string;
  /** As a token; null: the answer has none. */
  readonly position: string | null;
}

/** Sends one question to query-api; an unexpected status stops the bench. */
export async function query(
  { queries, token }: Pick<System, 'queries' | 'token'>,
  path: string,
  { body, headers = {}, expected = [200] }: Question = {},
): Promise<QueryAnswer> {
  const response = await queries.request({
    path,
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const { statusCode: status } = response;
  const text = await response.body.text();
  if (!expected.includes(status)) throw new Error(`${path} answered ${status}: ${text}`);
  const position = response.headers['order-position'];
  return { status, text, position: typeof position === 'string' ? position : null };
}

/** Sends one search; anything but success stops the bench. */
export async function searchOrders(system: System, body: unknown): Promise<{ total: number }> {
  const { text } = await query(system, '/v1/orders/search', { body });
  return JSON.parse(text) as { total: number };
}

/** Runs `orderctl` with `--json` and returns what it prints. */
export async function orderctlJson<T>(args: readonly string[]): Promise<T> {
  const { stdout } = await run(process.execPath, [ORDERCTL, ...args, '--json'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout) as T;
}
