import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const own = fileURLToPath(new URL('../../', import.meta.url));
/** The built form of this file is in dist. */
export const repositoryRoot = basename(own) === 'dist' ? dirname(own) : own;

const CONFIGURATION = [
  '.dependency-cruiser.cjs',
  'eslint.config.js',
  'knip.json',
  'package.json',
  'tsconfig.json',
];

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

export interface SeededTree {
  readonly root: string;
  /** Runs one of the repository's own tools (`eslint`, `depcruise`) on the seeded files. */
  run(tool: string, ...parameters: string[]): Promise<Finished>;
  remove(): Promise<void>;
}

/** A repository with our configuration and only the given files: their contents by path. */
export async function seededTree(files: Readonly<Record<string, string>>): Promise<SeededTree> {
  const root = await mkdtemp(join(tmpdir(), 'orderlog-seeded-'));
  await symlink(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  for (const name of CONFIGURATION) await cp(join(repositoryRoot, name), join(root, name));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return {
    root,
    run: (tool, ...parameters) => finished(join(root, 'node_modules/.bin', tool), parameters, root),
    remove: () => rm(root, { recursive: true }),
  };
}

/** Runs a program to its end, whatever its exit code. */
export function finished(
  file: string,
  parameters: readonly string[],
  cwd = repositoryRoot,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Finished> {
  return new Promise((done) => {
    execFile(file, parameters, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      done({ code, stdout, stderr });
    });
  });
}
