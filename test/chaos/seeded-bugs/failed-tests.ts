import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from '../../support/seeded-tree.js';
import type { Change } from './broken-tree.js';

/** A mistake that could be in the system, and the test that finds it. */
export interface TestedBug {
  readonly name: string;
  readonly changes: readonly Change[];
  /** `unit` needs only Node. The others need a PostgreSQL, and the engines that `describeWith` asks for. */
  readonly project: 'unit' | 'integration' | 'real';
  readonly file: string;
  /** Beginning of the full name of the test that fails. */
  readonly test: string;
}

interface Results {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

interface SomeTests extends Pick<TestedBug, 'project'> {
  readonly files: readonly string[];
  /** The beginnings of the tests' full names. */
  readonly tests: readonly string[];
}

/**
 * Runs some tests in a tree that holds them.
 *
 * @returns the names of the failed tests
 * @throws Error when no test of a file ran: it does not load, or has no such test
 */
export async function failedTests(
  folder: string,
  { project, files, tests }: SomeTests,
): Promise<readonly string[]> {
  const out = await mkdtemp(join(tmpdir(), 'orderlog-results-'));
  const results = join(out, 'results.json');
  try {
    const names = tests.map((test) => test.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
    const pattern = `^(?:${names.join('|')})`;
    const { stderr } = await finished(
      process.execPath,
      [
        ...['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'],
        ...['--selectProjects', project, '--runTestsByPath', ...files, '--testNamePattern', pattern],
        ...['--json', '--outputFile', results, '--watchman=false', '--ci'],
      ],
      folder,
      { ...process.env, NODE_OPTIONS: '', ORDERLOG_TEST_ENGINES_ONLY: '' },
    );
    const text = await readFile(results, 'utf8').catch((cause: unknown) => {
      throw new Error(`jest has no results for ${files.join()}: ${stderr}`, { cause });
    });
    const { testResults } = JSON.parse(text) as Results;
    const ranIn = testResults.map(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status !== 'pending'),
    );
    if (ranIn.length < files.length || ranIn.some((ran) => ran.length === 0)) {
      const messages = testResults.map(({ message }) => message).join('\n');
      throw new Error(`no test ran in some of ${files.join()}: ${messages}`);
    }
    return ranIn
      .flat()
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => fullName);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}
