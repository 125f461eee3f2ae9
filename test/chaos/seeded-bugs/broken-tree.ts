import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transform, type Options } from '@swc/core';
import { repositoryRoot } from '../../support/seeded-tree.js';

/** A change to a source file: a text that the file must contain exactly once, and the text that replaces it. */
export interface Change {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A copy of the built tree with some changes, to run the system or tests from. */
export interface BrokenTree {
  readonly folder: string;
  /** Makes these changes, and takes back all earlier ones. */
  change(changes: readonly Change[]): Promise<void>;
  remove(): Promise<void>;
}

export interface TreeParts {
  /** Further files and folders to copy into the tree. */
  readonly copied?: readonly string[];
  /** Whether to add the processes that run beside the apps in a chaos run; a build leaves tests out. */
  readonly besides?: boolean;
}

/** The sources of these processes. */
const TEST_SOURCES = ['test/chaos', 'test/support'];

/**
 * A tree without changes so far. Making one costs more than most runs in it, so it should be used for many
 * changes.
 */
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
 * The changed sources, by their files.
 *
 * @throws Error when a file does not contain the text to replace exactly once
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
