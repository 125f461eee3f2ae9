import { existsSync } from 'node:fs';
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

/** A tree that holds what is built, but for some changes: the folder to run something from. */
export interface BrokenTree {
  readonly folder: string;
  /** It has these changes from now on, and none of those before. */
  change(changes: readonly Change[]): Promise<void>;
  remove(): Promise<void>;
}

export interface TreeParts {
  /** Files and folders that it holds besides what is built. */
  readonly copied?: readonly string[];
  /** Whether it holds the processes that stand beside the apps in a run; a build leaves tests out. */
  readonly besides?: boolean;
}

/** Where these processes are. */
const TEST_SOURCES = ['test/chaos', 'test/support'];

/** A tree without changes so far. To make one costs more than most runs in it: whoever has many changes keeps it. */
export async function brokenTree({ copied = [], besides = false }: TreeParts = {}): Promise<BrokenTree> {
  const folder = await mkdtemp(join(tmpdir(), 'orderlog-broken-'));
  for (const path of ['dist', 'package.json', ...copied]) {
    await cp(join(repositoryRoot, path), join(folder, path), { recursive: true });
  }
  await symlink(join(repositoryRoot, 'node_modules'), join(folder, 'node_modules'));
  const options = JSON.parse(await readFile(join(repositoryRoot, '.swcrc'), 'utf8')) as Options;
  const hold = async (file: string, source: string) => {
    const { code } = await transform(source, { ...options, swcrc: false, filename: file });
    const compiled = join(folder, 'dist', file.replace(/\.ts$/, '.js'));
    await mkdir(dirname(compiled), { recursive: true });
    await writeFile(compiled, code);
    if (existsSync(join(folder, file))) await writeFile(join(folder, file), source);
  };
  const holdAsItIs = async (files: Iterable<string>) => {
    for (const file of files) await hold(file, await readFile(join(repositoryRoot, file), 'utf8'));
  };
  if (besides) await holdAsItIs(await testSources());
  let changed: readonly string[] = [];
  return {
    folder,
    async change(changes) {
      const sources = await changedSources(changes);
      await holdAsItIs(changed);
      changed = [...sources.keys()];
      for (const [file, source] of sources) await hold(file, source);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/**
 * The files that the changes are of, as they are afterwards.
 *
 * @throws Error when one does not say once what is to be changed
 */
export async function changedSources(changes: readonly Change[]): Promise<ReadonlyMap<string, string>> {
  const changed = new Map<string, string>();
  for (const { file, from, to } of changes) {
    const source = changed.get(file) ?? (await readFile(join(repositoryRoot, file), 'utf8'));
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
