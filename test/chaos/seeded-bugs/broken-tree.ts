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

export interface BrokenTree {
  readonly folder: string;
  readonly remove: () => Promise<void>;
}

/** Where the processes are that stand beside the apps in a run; a build leaves tests out. */
const TEST_SOURCES = ['test/chaos', 'test/support'];

/** What tests need besides what is built. */
const SOURCES = ['apps', 'libs', 'test', 'jest.config.mjs'];

/**
 * A tree that holds what is built, but for some changes: the folder to run apps from.
 *
 * @param withSources whether it holds the sources and the tests, too: the folder to run tests in
 */
export async function brokenTree(changes: readonly Change[], withSources = false): Promise<BrokenTree> {
  const folder = await mkdtemp(join(tmpdir(), 'orderlog-broken-'));
  for (const path of ['dist', 'package.json', ...(withSources ? SOURCES : [])]) {
    await cp(join(repositoryRoot, path), join(folder, path), { recursive: true });
  }
  await symlink(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  const options = JSON.parse(await readFile(join(repositoryRoot, '.swcrc'), 'utf8')) as Options;
  const sources = new Map<string, string>();
  for (const file of await testSources()) {
    sources.set(file, await readFile(join(repositoryRoot, file), 'utf8'));
  }
  for (const [file, source] of await changedSources(changes, sources)) sources.set(file, source);
  for (const [file, source] of sources) {
    const { code } = await transform(source, { ...options, swcrc: false, filename: file });
    const compiled = join(folder, 'dist', file.replace(/\.ts$/, '.js'));
    await mkdir(dirname(compiled), { recursive: true });
    await writeFile(compiled, code);
    if (withSources) await writeFile(join(folder, file), source);
  }
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * The files that the changes are of, as they are afterwards.
 *
 * @param read what was read already
 * @throws Error when one does not say once what is to be changed
 */
export async function changedSources(
  changes: readonly Change[],
  read: ReadonlyMap<string, string> = new Map(),
): Promise<ReadonlyMap<string, string>> {
  const changed = new Map<string, string>();
  for (const { file, from, to } of changes) {
    const source =
      changed.get(file) ?? read.get(file) ?? (await readFile(join(repositoryRoot, file), 'utf8'));
    if (source.split(from).length !== 2) throw new Error(`${file} does not say once, as it has to: ${from}`);
    changed.set(
      file,
      source.replace(from, () => to),
    );
  }
  return changed;
}

async function testSources(): Promise<string[]> {
  const lists = await Promise.all(
    TEST_SOURCES.map(async (folder) =>
      (await readdir(join(repositoryRoot, folder), { recursive: true })).map((file) => join(folder, file)),
    ),
  );
  return lists.flat().filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
}
