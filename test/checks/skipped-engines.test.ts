import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  finished,
  repositoryRoot,
  seededTree,
  type Finished,
  type SeededTree,
} from '#test/support/seeded-tree.js';

const TIMEOUT_MS = 60_000;

const ours = (path: string) => JSON.stringify(join(repositoryRoot, path));

const SUITE = `
import { expect, it } from '@jest/globals';
import { describeWith } from ${ours('test/support/engines.ts')};

describeWith(['elasticsearch', 'kafka'], 'a shop on engines', () => {
  it('opens', () => expect(1).toBe(1));
  it('closes', () => expect(1).toBe(1));
});

describeWith([], 'a shop on none', () => {
  it('opens', () => expect(1).toBe(1));
});
`;

/** Ours, for that suite alone. */
const CONFIGURATION = `
import all from ${ours('jest.config.mjs')};
const [{ displayName, ...unit }] = all.projects;
const own = { resolver: ${ours('test/support/resolve-ts.cjs')}, setupFilesAfterEnv: [], testMatch: ['<rootDir>/*.test.ts'] };
const reporters = ['default', ${ours('test/support/skipped-reporter.mjs')}];
export default { reporters, projects: [{ ...unit, ...own }] };
`;

let tree: SeededTree;
beforeAll(async () => {
  tree = await seededTree({ 'shop.test.ts': SUITE, 'jest.config.mjs': CONFIGURATION });
});
afterAll(() => tree.remove());

/** Jest on the seeded suite, where no engine is but those named. */
function jest(environment: NodeJS.ProcessEnv): Promise<Finished> {
  const {
    ELASTICSEARCH_URL: _elasticsearch,
    KAFKA_BROKERS: _kafka,
    ORDERLOG_TEST_REQUIRE_ENGINES: _required,
    ORDERLOG_TEST_ENGINES_ONLY: _only,
    ...others
  } = process.env;
  const file = join(repositoryRoot, 'node_modules/jest/bin/jest.js');
  const flags = ['--experimental-vm-modules', '--no-warnings', file, '--no-color'];
  return finished(process.execPath, flags, tree.root, { ...others, ...environment });
}

it(
  'a suite without its engines is skipped by name, and its tests are counted',
  async () => {
    const { code, stdout, stderr } = await jest({});
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'skipped: 2 of a shop on engines (skipped: ELASTICSEARCH_URL and KAFKA_BROKERS not set)\n',
    });
    expect(stderr).toMatch(/^Tests: +2 skipped, 1 passed, 3 total$/m);
  },
  TIMEOUT_MS,
);

it(
  'where engines are demanded it fails, and names the one that is missing',
  async () => {
    const demanded = { ORDERLOG_TEST_REQUIRE_ENGINES: '1', KAFKA_BROKERS: '127.0.0.1:9092' };
    const { code, stdout, stderr } = await jest(demanded);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('a shop on engines › has its elasticsearch');
    expect(stderr).toContain(
      'ELASTICSEARCH_URL not set, and ORDERLOG_TEST_REQUIRE_ENGINES=1 demands an engine',
    );
    expect(stderr).toMatch(/^Tests: +1 failed, 1 passed, 2 total$/m);
  },
  TIMEOUT_MS,
);

it(
  'a suite that needs none is left to another run where there are to be only those with engines',
  async () => {
    const { code, stdout } = await jest({ ORDERLOG_TEST_ENGINES_ONLY: '1' });
    expect({ code, lines: stdout.split('\n') }).toEqual({
      code: 0,
      lines: expect.arrayContaining(['skipped: 1 of a shop on none (skipped: npm test runs it)']),
    });
  },
  TIMEOUT_MS,
);
