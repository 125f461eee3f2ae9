import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ORDERCTL, orderctl, startUp, type Up } from '../../support/orderctl.js';
import { finished } from '../../support/seeded-tree.js';
import { until } from '../../support/until.js';

const TIMEOUT_MS = 180_000;

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'orderlog-e2e-'));
});
afterEach(() => rm(data, { recursive: true, force: true }));

/** Apps end by themselves when orderctl is gone. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

it(
  'names a port that is taken, and starts nothing',
  async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as { port: number };
    const taken = await orderctl(
      'up',
      '--data',
      data,
      '--command-port',
      '0',
      '--query-port',
      String(port),
      '--event-store-port',
      '0',
    );
    expect(taken).toMatchObject({
      code: 1,
      stderr: `orderctl: port ${port} for query-api is taken: stop what listens there, or choose another with --query-port\n`,
    });
    expect(existsSync(join(data, 'pg'))).toBe(false);
    expect(existsSync(join(data, 'up.lock'))).toBe(false);
    await new Promise((closed) => server.close(closed));
  },
  TIMEOUT_MS,
);

const DISK_BYTES = 64 * 1024;
const mounted = (at: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'orderlog-test', at]).status === 0;
const unmount = (at: string) => void spawnSync('umount', [at]);

/** Root does, but not in every container. */
function mountsDisks(): boolean {
  const at = mkdtempSync(join(tmpdir(), 'orderlog-disk-'));
  const can = mounted(at);
  if (can) unmount(at);
  rmdirSync(at);
  return can;
}

const canMount = mountsDisks();
(canMount ? it : it.skip)(
  `names the file and the disk where that is full, and leaves nothing there${canMount ? '' : ' (skipped: no disk can be mounted)'}`,
  async () => {
    expect(mounted(data)).toBe(true);
    try {
      await writeFile(join(data, 'filling'), Buffer.alloc(DISK_BYTES));
      expect(await orderctl('up', '--data', data)).toMatchObject({
        code: 1,
        stderr: `orderctl: ${join(data, 'up.lock')} cannot be written: the disk that ${data} is on is full (ENOSPC): free space there\n`,
      });
      expect((await readdir(data)).sort()).toEqual(['filling', 'logs']);
    } finally {
      unmount(data);
    }
  },
  TIMEOUT_MS,
);

it(
  'goes on after a kill -9 of the whole, with what was there',
  async () => {
    const first = await startUp(data);
    const apps = first.processes();
    const postgres = apps.get('postgres')!;
    const { stdout } = await orderctl('token', '--data', data, '--scope', 'orders:write');
    const place = async ({ ports }: Up, key: string) => {
      const answer = await fetch(`http://127.0.0.1:${ports.command}/v1/orders`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${stdout.trim()}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify({
          currency: 'EUR',
          lines: [{ sku: 'MUG', name: 'Mug', quantity: 1, unitPriceMinor: 100 }],
        }),
      });
      return { replayed: answer.headers.get('idempotent-replayed'), text: await answer.text() };
    };
    const keys = Array.from({ length: 20 }, (_, n) => `order-${n}`);
    const placed = await Promise.all(keys.map((key) => place(first, key)));
    const ended = first.end('SIGKILL');
    for (const pid of apps.values()) killIfThere(pid);
    await ended;
    expect(await orderctl('status', '--data', data)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing runs on'),
    });
    const second = await startUp(data, '--no-demo');
    try {
      expect(second.processes().get('postgres')).not.toBe(postgres);
      const demo = await orderctl('inspect', '--data', data, '--tenant', 'demo', 'D-1001');
      expect(demo).toMatchObject({ code: 0, stdout: expect.stringContaining('return closed') });
      const again = await Promise.all(keys.map((key) => place(second, key)));
      expect(again).toEqual(placed.map(({ text }) => ({ replayed: 'true', text })));
      expect(placed.every(({ replayed }) => replayed === null)).toBe(true);
      expect(await orderctl('verify', '--data', data)).toMatchObject({ code: 0 });
    } finally {
      expect(await second.end('SIGINT')).toBe(0);
    }
    await until(
      'the first run is gone',
      () => [...apps.values()].every((pid) => !existsSync(`/proc/${pid}`)),
      15_000,
    );
  },
  TIMEOUT_MS,
);

it(
  'begins anew after a kill -9 while its database was being made',
  async () => {
    const ports = ['--command-port', '0', '--query-port', '0', '--event-store-port', '0'];
    const first = spawn(process.execPath, [ORDERCTL, 'up', '--data', data, ...ports], {
      ...{ detached: true, stdio: 'ignore' },
    });
    const ended = once(first, 'close');
    const isBegun = (cluster: string) => existsSync(join(data, cluster, 'PG_VERSION'));
    await until('some of it is there', () => ['pg', 'pg.draft'].some(isBegun), 60_000);
    process.kill(-first.pid!, 'SIGKILL'); // with all that it started
    await ended;
    const second = await startUp(data, '--no-demo');
    expect(await second.end('SIGINT')).toBe(0);
  },
  TIMEOUT_MS,
);

it(
  'ends when it is asked to while it waits for an engine, and starts nothing then',
  async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const ports = ['--command-port', '0', '--query-port', '0', '--event-store-port', '0'];
    const search = ['--elasticsearch', `http://127.0.0.1:${port}`];
    const up = spawn(process.execPath, [ORDERCTL, 'up', '--data', data, ...ports, ...search], {
      stdio: 'ignore',
    });
    const ended = once(up, 'close');
    await once(silent, 'connection');
    up.kill('SIGINT');
    try {
      await until('it has ended', () => up.exitCode !== null, 60_000);
      expect(await ended).toEqual([0, null]);
      expect(existsSync(join(data, 'pg'))).toBe(false);
      expect(existsSync(join(data, 'up.lock'))).toBe(false);
    } finally {
      up.kill('SIGTERM');
      await ended;
      silent.close();
    }
  },
  TIMEOUT_MS,
);

it(
  'starts an app again although no process could be made at first',
  async () => {
    const up = await startUp(data, '--no-demo');
    try {
      const first = up.processes().get('query-api')!;
      const openFiles = await openFilesLimit(up);
      await limitOpenFiles(up, 8); // it has more already, and cannot have the ends of a pipe as well
      process.kill(first, 'SIGKILL');
      await until('it was tried', () => /query-api ended \(spawn .* EMFILE\)/.test(up.output.stderr), 30_000);
      await limitOpenFiles(up, openFiles);
      await until(
        'query-api is back',
        async () => {
          const answer = await fetch(`http://127.0.0.1:${up.ports.query}/health/ready`).catch(() => null);
          return answer?.ok === true && up.processes().get('query-api') !== first;
        },
        30_000,
      );
    } finally {
      expect(await up.end('SIGTERM')).toBe(0);
    }
  },
  TIMEOUT_MS,
);

async function openFilesLimit({ pid }: Up): Promise<number> {
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
  return Number(/^Max open files +(\d+)/m.exec(limits)![1]);
}

async function limitOpenFiles({ pid }: Up, files: number): Promise<void> {
  expect(await finished('prlimit', ['--pid', String(pid), `--nofile=${files}:`])).toMatchObject({ code: 0 });
}
