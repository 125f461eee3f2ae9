import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeLock, type ProcessLock } from './process-lock.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-lock-'));
  path = join(folder, 'up.lock');
});
afterEach(() => rm(folder, { recursive: true }));

const take = (): Promise<ProcessLock> => takeLock(path, (pid) => `process ${pid} has it`);

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--eval', '']);
  await new Promise((ended) => child.once('exit', ended));
  return child.pid!;
}

it('is held by one process, until it lets go', async () => {
  const lock = await take();
  await expect(take()).rejects.toThrow(new RegExp(`^process ${process.pid} has it$`));
  await lock.release();
  await (await take()).release();
  expect(await readdir(folder)).toEqual([]);
});

it('knows that the holder was killed', async () => {
  await writeFile(path, JSON.stringify({ pid: await deadPid(), start: '1' }));
  const lock = await take();
  expect(lock.wasStale).toBe(true);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
});

it('knows that another process has the number of the holder now', async () => {
  await writeFile(path, JSON.stringify({ pid: process.pid, start: 'another time' }));
  await expect(take()).resolves.toMatchObject({ wasStale: true });
});

it('takes over from a file that says nothing', async () => {
  await writeFile(path, '{"pi');
  await expect(take()).resolves.toMatchObject({ wasStale: true });
});

it('is taken by one of many that find it stale at once', async () => {
  await writeFile(path, JSON.stringify({ pid: await deadPid(), start: '1' }));
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => take()));
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('is taken although another process was killed while it removed a stale one', async () => {
  const dead = JSON.stringify({ pid: await deadPid(), start: '1' });
  await Promise.all([writeFile(path, dead), writeFile(`${path}.removing`, dead)]);
  await expect(take()).resolves.toMatchObject({ wasStale: true });
});
