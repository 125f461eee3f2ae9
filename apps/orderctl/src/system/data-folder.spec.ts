import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { playDemoDay } from '../demo/demo-day.js';
import { AppLog } from './app-log.js';
import { DataFolder } from './data-folder.js';

let folder: DataFolder;
beforeEach(async () => {
  folder = new DataFolder(await mkdtemp(join(tmpdir(), 'orderlog-folder-')));
});
afterEach(() => rm(folder.path, { recursive: true, force: true }));

it('keeps logs from other users: they tell of requests', async () => {
  await folder.create();
  const path = folder.log('query-api');
  new AppLog(path).close();
  const modes = await Promise.all(
    [join(path, '..'), path].map(async (each) => (await stat(each)).mode & 0o777),
  );
  expect(modes).toEqual([0o700, 0o600]);
});

describe('a damaged file in the data folder is named, and what to do about it', () => {
  it('where the addresses of the system are', async () => {
    const path = join(folder.path, 'system.json');
    await writeFile(path, '{');
    await expect(folder.readAddresses()).rejects.toThrow(
      `${path} is damaged: end \`orderctl up\` on this folder if it runs, and start it again`,
    );
  });

  it('where the demo day is', async () => {
    await writeFile(folder.demo, '');
    await expect(playDemoDay(folder, { commandUrl: 'http://localhost:1' }, 'token')).rejects.toThrow(
      `${folder.demo} is damaged: put back a copy of it, or start with --no-demo`,
    );
  });
});
