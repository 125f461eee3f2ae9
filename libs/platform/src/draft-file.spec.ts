import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { replaceFile, writeDraft } from './draft-file.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-draft-'));
  path = join(folder, 'key.json');
});
afterEach(() => rm(folder, { recursive: true }));

/** In a process that can open every file and write into none, with the last line of what it says. */
function whereNothingCanBeWritten(call: string): string {
  const source = `import * as files from '#platform/draft-file.js';
    await files.${call}.catch(({ message }) => process.stdout.write(message));`;
  const node = [process.execPath, '--input-type=module', '--eval', source];
  return spawnSync('sh', ['-c', 'ulimit -f 0; exec "$@"', 'sh', ...node], { encoding: 'utf8' }).stdout;
}

it('takes the place of what is there, with the permissions asked for', async () => {
  await replaceFile(path, 'one', 0o600);
  await replaceFile(path, 'two', 0o600);
  expect(await readFile(path, 'utf8')).toBe('two');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['key.json']);
});

it('is removed where it cannot be written, and the file is named', async () => {
  for (const call of ['writeDraft', 'replaceFile'])
    expect(whereNothingCanBeWritten(`${call}(${JSON.stringify(path)}, 'content')`)).toBe(
      `${path} cannot be written: EFBIG: file too large, write`,
    );
  expect(await readdir(folder)).toEqual([]);
});

it('is removed where it cannot take the place', async () => {
  await mkdir(path);
  await expect(replaceFile(path, 'content')).rejects.toThrow(/^EISDIR: .*key\.json'$/);
  expect(await readdir(folder)).toEqual(['key.json']);
});

it('keeps what Node says of a file that cannot be opened', async () => {
  await expect(writeDraft(join(folder, 'none', 'key.json'), '')).rejects.toThrow(
    /^ENOENT: no such file or directory, open '.*none\/key\.json\.[0-9a-f]{12}'$/,
  );
});
