import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { appendFileSync, existsSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppLog } from './app-log.js';
import { Backoff } from './backoff.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-log-'));
  path = join(folder, 'app.log');
});
afterEach(() => rm(folder, { recursive: true }));

it('reads on from where it was, in whole lines', () => {
  appendFileSync(path, '{"level":"error","msg":"of an earlier run"}\n');
  const log = new AppLog(path);
  appendFileSync(
    path,
    '{"level":"error","msg":"append failed","err":{"message":"disk full"}}\nno JSON\n{"lev',
  );
  expect(log.readOn()).toEqual([
    { level: 'error', message: 'append failed: disk full' },
    { level: 'none', message: 'no JSON' },
  ]);
  appendFileSync(path, 'el":"info","msg":"on"}\n');
  expect(log.readOn()).toEqual([{ level: 'info', message: 'on' }]);
  expect(log.readOn()).toEqual([]);
  log.close();
});

it('puts a long log aside at the start', () => {
  appendFileSync(path, '');
  truncateSync(path, 20_000_001);
  new AppLog(path).close();
  expect(existsSync(`${path}.1`)).toBe(true);
});

it('pauses grow, up to a limit, and end', () => {
  const backoff = new Backoff({ firstMs: 100, maxMs: 300, attempts: 4 });
  expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([100, 200, 300, 300, null]);
  backoff.reset();
  expect(backoff.next()).toBe(100);
});
