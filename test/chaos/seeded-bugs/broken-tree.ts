import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transform, type Options } from '@swc/core';
import { repositoryRoot } from '../../support/seeded-tree.js';

/** A change to a source file: what it says, which must be there once, and what it says instead. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Where the processes are that stand beside the apps in a run; a build leaves tests out. */
const TEST_SOURCES = ['test/chaos', 'test/support'];

/** A tree that holds what is built, but for some changes: the folder to run apps from. */
export async function brokenTree(
  changes: readonly Change[],
): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'orderlog-broken-'));
  await cp(join(repositoryRoot, 'dist'), join(folder, 'dist'), { recursive: true });
  await cp(join(repositoryRoot, 'package.json'), join(folder, 'package.json'));
  await symlink(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  const options = JSON.parse(await readFile(join(repositoryRoot, '.swcrc'), 'utf8')) as Options;
  const sources = new Map<string, string>();
  for (const file of await testSources()) {
    sources.set(file, await readFile(join(repositoryRoot, file), 'utf8'));
  }
  for (const { file, from, to } of changes) {
    const source = sources.get(file) ?? (await readFile(join(repositoryRoot, file), 'utf8'));
    if (source.split(from).length !== 2) throw new Error(`${file} does not say once, as it has to: ${from}`);
    sources.set(
      file,
      source.replace(from, () => to),
    );
  }
  for (const [file, source] of sources) {
    const { code } = await transform(source, { ...options, swcrc: false, filename: file });
    const compiled = join(folder, 'dist', file.replace(/\.ts$/, '.js'));
    await mkdir(dirname(compiled), { recursive: true });
    await writeFile(compiled, code);
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function testSources(): Promise<string[]> {
  const lists = await Promise.all(
    TEST_SOURCES.map(async (folder) =>
      (await readdir(join(repositoryRoot, folder), { recursive: true })).map((file) => join(folder, file)),
    ),
  );
  return lists.flat().filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
}
