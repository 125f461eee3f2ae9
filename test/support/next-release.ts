import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { SearchEngine } from '#read-models/search/search-engine.js';
import { finished, repositoryRoot } from './seeded-tree.js';

/** Another release, built and ready to run, in a folder of its own. */
export interface NextRelease {
  readonly root: string;
  /** Fingerprints of its read models. */
  readonly fingerprints: Readonly<Record<SearchEngine, string>>;
  remove(): Promise<void>;
}

const COPIED = [
  'dist',
  'scripts',
  'package.json',
  'apps/orderctl/bin',
  'libs/event-store/golden',
  'libs/read-models/golden',
];
const FINGERPRINTS = 'dist/libs/read-models/src/read-model-fingerprints.js';

/** A change of the built code of a release. */
export interface Change {
  /** Path below `dist`. */
  readonly file: string;
  readonly replaced: string;
  readonly by: string;
}

/** This release with some changes, and with the fingerprints that its own generator then makes. */
export async function nextRelease(...changes: readonly Change[]): Promise<NextRelease> {
  const root = await mkdtemp(join(tmpdir(), 'orderlog-release-'));
  for (const path of COPIED) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await cp(join(repositoryRoot, path), join(root, path), { recursive: true });
  }
  await symlink(join(repositoryRoot, 'node_modules'), join(root, 'node_modules'));
  for (const { file, replaced, by } of changes) {
    const text = await readFile(join(root, 'dist', file), 'utf8');
    if (!text.includes(replaced)) throw new Error(`dist/${file} has no ${replaced}`);
    await writeFile(join(root, 'dist', file), text.replace(replaced, by));
  }
  const made = await finished(
    process.execPath,
    [
      ...['--input-type=module', '--eval'],
      `import { readModelFingerprints } from './scripts/generated/read-model-fingerprints.mjs';
       process.stdout.write(await readModelFingerprints());`,
    ],
    root,
    { ...process.env, NODE_OPTIONS: '' },
  );
  const json = /= (\{.*\});/.exec(made.stdout)?.[1];
  if (made.code !== 0 || json === undefined) throw new Error(`no fingerprints: ${made.stderr}`);
  await writeFile(join(root, FINGERPRINTS), `export const readModelFingerprints = ${json};\n`);
  const fingerprints = JSON.parse(json) as NextRelease['fingerprints'];
  return { root, fingerprints, remove: () => rm(root, { recursive: true, force: true }) };
}
