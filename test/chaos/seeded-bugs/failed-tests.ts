import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from '../../support/seeded-tree.js';
import type { Change } from './broken-tree.js';

/** Something that could be wrong with the system, and the test that sees it. */
export interface TestedBug {
  readonly name: string;
  readonly changes: readonly Change[];
  /** `unit` needs nothing but Node, `engines` a PostgreSQL. */
  readonly project: 'unit' | 'engines';
  readonly file: string;
  /** Of the test that fails: the beginning of its whole name. */
  readonly test: string;
}

interface Results {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/**
 * Runs the tests of one file whose names begin so, in a tree that holds them.
 *
 * @returns the names of those that failed
 * @throws Error when none ran: the file does not load, or has no such test
 */
export async function failedTests(
  folder: string,
  { project, file, test }: Pick<TestedBug, 'project' | 'file' | 'test'>,
): Promise<readonly string[]> {
  const out = await mkdtemp(join(tmpdir(), 'orderlog-results-'));
  const results = join(out, 'results.json');
  try {
    const pattern = `^${test.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}`;
    const { stderr } = await finished(
      process.execPath,
      [
        ...['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'],
        ...['--selectProjects', project, '--runTestsByPath', file, '--testNamePattern', pattern],
        ...['--json', '--outputFile', results, '--watchman=false', '--ci'],
      ],
      folder,
      { ...process.env, NODE_OPTIONS: '' },
    );
    const text = await readFile(results, 'utf8').catch((cause: unknown) => {
      throw new Error(`jest has no results for ${file}: ${stderr}`, { cause });
    });
    const { testResults } = JSON.parse(text) as Results;
    const ran = testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status !== 'pending');
    if (ran.length === 0) {
      throw new Error(`no test ran in ${file}: ${testResults.map(({ message }) => message).join('\n')}`);
    }
    return ran.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
