import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { Pool } from 'undici';
import { IN_FLIGHT } from '../system.js';
import type { Contestant } from './contestant.js';
import { totalMinorOf, type BenchOrder } from '../workload.js';

const FOLDER = fileURLToPath(new URL('../../../../bench/peers', import.meta.url));

const AFTER_PLACING: readonly { what: string; body: (order: BenchOrder) => unknown }[] = [
  { what: 'confirm', body: () => ({}) },
  {
    what: 'payments',
    body: (order) => ({
      amountMinor: totalMinorOf(order),
      currency: order.currency,
      providerReference: 'pay-1',
    }),
  },
  { what: 'shipments', body: () => ({}) },
];

/**
 * The peers' packages are not part of the repository's: the first run installs them at the versions in their lock
 * file.
 * @throws Error with the command to run, when the installation fails
 */
export function installPeers(): void {
  const npm = (...args: string[]) => {
    try {
      execFileSync('npm', args, { cwd: FOLDER, stdio: ['ignore', 'ignore', 'pipe'] });
    } catch (error) {
      throw new Error('the peers need their packages: npm ci --prefix bench/peers', { cause: error });
    }
  };
  if (!existsSync(`${FOLDER}/node_modules`)) npm('ci');
  npm('run', 'build');
}

/** Starts a service of bench/peers as a separate process, with its own database on the server at `postgresUrl`. */
export async function startPeer(name: 'crud' | 'emmett', postgresUrl: string): Promise<Contestant> {
  const url = new URL(postgresUrl);
  url.pathname = `/peer_${name}`;
  const server = new pg.Client({ connectionString: postgresUrl });
  await server.connect();
  await server.query(`CREATE DATABASE peer_${name}`);
  await server.end();
  const child = fork(`${FOLDER}/dist/${name}/main.js`, {
    env: { ...process.env, DATABASE_URL: url.href, NODE_ENV: 'production' },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const http = new Pool(`http://127.0.0.1:${await portOf(child, name)}`, { connections: IN_FLIGHT });
  const post = (path: string, body: unknown) => ask(http, 'POST', path, body);
  return {
    name,
    place: async (order) => String((await post('/orders', order))['orderId']),
    proceed: AFTER_PLACING.map(({ what, body }) => async (orderId, order) => {
      await post(`/orders/${orderId}/${what}`, body(order));
    }),
    read: async (orderId) => {
      await ask(http, 'GET', `/orders/${orderId}`, null);
    },
    settle: async () => {},
    stop: async () => {
      await http.close();
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function portOf(child: ChildProcess, name: string): Promise<number> {
  return new Promise((ready, failed) => {
    child.once('message', (message: { port: number }) => ready(message.port));
    child.once('exit', (code) => failed(new Error(`the peer ${name} ended with ${code}`)));
  });
}

async function ask(
  http: Pool,
  method: 'GET' | 'POST',
  path: string,
  body: unknown,
): Promise<Record<string, unknown>> {
  const { statusCode, body: content } = await http.request({
    path,
    method,
    headers: body === null ? {} : { 'content-type': 'application/json' },
    body: body === null ? null : JSON.stringify(body),
  });
  const text = await content.text();
  if (statusCode >= 300) throw new Error(`${path} answered ${statusCode}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
