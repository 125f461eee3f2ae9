import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockFolder } from './folder-lock.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-lock-'));
  path = join(folder, 'up.lock');
});
afterEach(() => rm(folder, { recursive: true }));

async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--eval', '']);
  await new Promise((ended) => child.once('exit', ended));
  return child.pid!;
}

it('holds a folder for one process, until it lets go', async () => {
  const lock = await lockFolder(path);
  await expect(lockFolder(path)).rejects.toThrow(
    `already running on this data folder (process ${process.pid})`,
  );
  await lock.release();
  await (await lockFolder(path)).release();
  expect(await readdir(folder)).toEqual([]);
});

it('knows that the holder was killed', async () => {
  await writeFile(path, JSON.stringify({ pid: await deadPid(), start: '1' }));
  const lock = await lockFolder(path);
  expect(lock.wasStale).toBe(true);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
});

it('knows that another process has the number of the holder now', async () => {
  await writeFile(path, JSON.stringify({ pid: process.pid, start: 'another time' }));
  await expect(lockFolder(path)).resolves.toMatchObject({ wasStale: true });
});

it('takes over from a file that says nothing', async () => {
  await writeFile(path, '{"pi');
  await expect(lockFolder(path)).resolves.toMatchObject({ wasStale: true });
});

it('is taken by one of many that find it stale at once', async () => {
  await writeFile(path, JSON.stringify({ pid: await deadPid(), start: '1' }));
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(path)));
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('is taken although another start was killed while it removed a stale one', async () => {
  const dead = JSON.stringify({ pid: await deadPid(), start: '1' });
  await Promise.all([writeFile(path, dead), writeFile(`${path}.removing`, dead)]);
  await expect(lockFolder(path)).resolves.toMatchObject({ wasStale: true });
});
