import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { finished, repositoryRoot, seededTree } from '../support/seeded-tree.js';

type Files = Readonly<Record<string, string>>;

const TIMEOUT_MS = 60_000;
const value = 'export const value = 1;\n';
const use = (specifier: string) => `import { value } from '${specifier}';\nexport const used = value;\n`;

/** For every rule of .dependency-cruiser.cjs, trees that break it. */
const violations: Readonly<Record<string, readonly Files[]>> = {
  'no-cycles': [
    {
      'libs/platform/src/a.ts': "import { b } from './b.js';\nexport const a = () => b;\n",
      'libs/platform/src/b.ts': "import { a } from './a.js';\nexport const b = () => a;\n",
    },
    {
      'libs/platform/src/a.ts': "import type { B } from './b.js';\nexport type A = B | null;\n",
      'libs/platform/src/b.ts': "import type { A } from './a.js';\nexport type B = A | 1;\n",
    },
  ],
  'domain-imports-only-itself': [
    {
      'libs/domain/src/a.ts': "import { randomUUID } from 'node:crypto';\nexport const id = randomUUID();\n",
    },
    { 'libs/domain/src/a.ts': "import { v7 } from 'uuid';\nexport const id = v7();\n" },
    { 'libs/domain/src/a.ts': use('#platform/b.js'), 'libs/platform/src/b.ts': value },
    {
      'libs/domain/src/a.ts': "import type { B } from '../../platform/src/b.js';\nexport type A = B;\n",
      'libs/platform/src/b.ts': 'export type B = 1;\n',
    },
  ],
  'client-imports-only-itself': [
    { 'libs/client/src/a.ts': use('#platform/b.js'), 'libs/platform/src/b.ts': value },
    { 'libs/client/src/a.ts': "import { Pool } from 'undici';\nexport const pool = Pool;\n" },
    {
      'libs/client/src/a.ts': "import { randomUUID } from 'node:crypto';\nexport const id = randomUUID();\n",
    },
    {
      'libs/client/src/a.ts': "import type { B } from '../../domain/src/b.js';\nexport type A = B;\n",
      'libs/domain/src/b.ts': 'export type B = 1;\n',
    },
  ],
  'apps-never-import-apps': [
    { 'apps/query-api/src/a.ts': use('../../command-api/src/b.js'), 'apps/command-api/src/b.ts': value },
  ],
  'libs-never-import-apps': [
    { 'libs/platform/src/a.ts': use('../../../apps/projector/src/b.js'), 'apps/projector/src/b.ts': value },
  ],
  'no-tests-in-production': [
    { 'libs/platform/src/a.ts': use('./b.spec.js'), 'libs/platform/src/b.spec.ts': value },
    { 'apps/projector/src/a.ts': use('../../../test/b.js'), 'test/b.ts': value },
    { 'libs/domain/src/a.ts': use('./testing/b.js'), 'libs/domain/src/testing/b.ts': value },
  ],
  'read-models-know-no-engine': [
    { 'libs/read-models/src/a.ts': use('#projections/b.js'), 'libs/projections/src/b.ts': value },
  ],
  'event-store-goes-one-way': [
    { 'apps/event-store/src/wire/a.ts': use('../rules/b.js'), 'apps/event-store/src/rules/b.ts': value },
    { 'apps/event-store/src/rules/a.ts': use('../streams/b.js'), 'apps/event-store/src/streams/b.ts': value },
    {
      'apps/event-store/src/storage/a.ts': use('../streams/b.js'),
      'apps/event-store/src/streams/b.ts': value,
    },
  ],
  'examples-stand-alone': [
    { 'examples/shop/src/a.ts': use('#domain/b.js'), 'libs/domain/src/b.ts': value },
    { 'examples/shop/src/a.ts': use('../../../apps/query-api/src/b.js'), 'apps/query-api/src/b.ts': value },
    { 'examples/shop/src/a.ts': use('../../bank/src/b.js'), 'examples/bank/src/b.ts': value },
  ],
  'nobody-imports-examples': [
    { 'libs/platform/src/a.ts': use('../../../examples/shop/src/b.js'), 'examples/shop/src/b.ts': value },
  ],
  'no-barrels': [
    {
      'libs/platform/src/a.ts': use('./parts/index.js'),
      'libs/platform/src/parts/index.ts': "export * from './b.js';\n",
      'libs/platform/src/parts/b.ts': value,
    },
  ],
  resolvable: [{ 'libs/platform/src/a.ts': use('#domain/not/there.js') }],
};

const seeds = Object.entries(violations).flatMap(([rule, trees]) => trees.map((files) => ({ rule, files })));

/** The same with names of its own, so that all can stand in one tree. */
function numbered(files: Files, number: number): Files {
  const named = (text: string) => text.replaceAll(/\b([ab])((?:\.spec)?\.[jt]s)\b/g, `$1${number}$2`);
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [named(path), named(text)]));
}

interface Broken {
  readonly rule: string;
  /** The file that imports. */
  readonly from: string;
}

async function broken(files: Files): Promise<Broken[]> {
  const tree = await seededTree(files);
  const folders = [...new Set(Object.keys(files).map((path) => path.split('/')[0]!))];
  const options = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
  const { stdout, stderr } = await tree.run('depcruise', ...folders, ...options);
  await tree.remove();
  if (!stdout.startsWith('{')) throw new Error(`depcruise: ${stderr}`);
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { rule: { name: string }; from: string }[] };
  };
  return summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }));
}

describe('the boundaries', () => {
  it('are each proven below', () => {
    const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs') as {
      forbidden: { name: string }[];
    };
    const names = new Set(config.forbidden.map(({ name }) => name));
    expect([...names].sort()).toEqual(Object.keys(violations).sort());
  });

  it(
    'catch what breaks them, wherever it is',
    async () => {
      const trees = seeds.map(({ files }, number) => numbered(files, number));
      const found = await broken(Object.assign({}, ...trees) as Files);
      const missed = seeds.filter(
        ({ rule }, number) => !found.some((one) => one.rule === rule && one.from in trees[number]!),
      );
      expect(missed).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'let pass what keeps them',
    async () => {
      const files = {
        'libs/domain/src/money.ts': value,
        'libs/client/src/a.ts': use('./b.js'),
        'libs/client/src/b.ts': value,
        'libs/platform/src/a.ts': use('#domain/money.js'),
        'libs/platform/src/a.spec.ts': use('./a.js').replaceAll('value', 'used as value'),
        'libs/domain/src/testing/orders.ts':
          "import fc from 'fast-check';\nexport const order = fc.integer();\n",
        'apps/query-api/src/a.ts': use('#domain/money.js'),
        'examples/shop/src/a.ts': use('./b.js'),
        'examples/shop/src/b.ts': value,
      };
      expect(await broken(files)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});

describe('read sides that would decide', () => {
  const decider = 'export const decide = () => 1;\nexport const decideShipments = () => 2;\n';
  const domain = { 'libs/domain/src/order/order.ts': decider };
  const imports = [
    "import { decide } from '#domain/order/order.js';\nexport const x = decide();\n",
    "import { decide as harmless } from '#domain/order/order.js';\nexport const x = harmless();\n",
    "import { decideShipments } from '../../../libs/domain/src/order/order.js';\nexport const x = decideShipments();\n",
    "import * as order from '#domain/order/order.js';\nexport const x = order.decide();\n",
    "export { decide } from '#domain/order/order.js';\n",
  ];

  it(
    'are caught in both, however they import, and only there',
    async () => {
      const apps = ['command-api', 'projector', 'query-api'];
      const seeds = apps.flatMap((app) =>
        imports.map((text, index) => [`apps/${app}/src/seed-${index}.ts`, text] as const),
      );
      const tree = await seededTree({ ...domain, ...Object.fromEntries(seeds) });
      const { stdout } = await tree.run('eslint', 'apps', '--format', 'json');
      await tree.remove();
      const results = JSON.parse(stdout) as { filePath: string; messages: { ruleId: string }[] }[];
      const caught = results
        .filter(({ messages }) =>
          messages.some((m) => m.ruleId === '@typescript-eslint/no-restricted-imports'),
        )
        .map(({ filePath }) => /apps.*$/.exec(filePath)![0]);
      expect(caught.sort()).toEqual(
        seeds.map(([path]) => path).filter((path) => !path.startsWith('apps/command-api')),
      );
    },
    TIMEOUT_MS,
  );
});

describe('the project map', () => {
  interface Project {
    type: string;
    root: string;
    sourceRoot: string;
    entryFile?: string;
  }

  async function mapped(): Promise<Record<string, Project>> {
    const text = await readFile(join(repositoryRoot, 'nest-cli.json'), 'utf8');
    return (JSON.parse(text) as { projects: Record<string, Project> }).projects;
  }

  async function folders(): Promise<string[]> {
    const { stdout } = await finished('git', ['ls-files', '--', 'apps', 'libs']);
    const names = stdout.split('\n').map((path) => path.split('/').slice(0, 2).join('/'));
    return [...new Set(names)].filter((name) => name.includes('/')).sort();
  }

  const unmapped = (projects: Record<string, Project>, roots: readonly string[]) =>
    roots.filter((root) => !Object.values(projects).some((project) => project.root === root));

  it('has every app and library, each with its entry', async () => {
    const projects = await mapped();
    expect(unmapped(projects, await folders())).toEqual([]);
    for (const { type, root, sourceRoot, entryFile } of Object.values(projects)) {
      expect(existsSync(join(repositoryRoot, root))).toBe(true);
      expect(sourceRoot).toBe(`${root}/src`);
      expect(type).toBe(root.startsWith('apps/') ? 'application' : 'library');
      if (type === 'application')
        expect(existsSync(join(repositoryRoot, sourceRoot, `${entryFile}.ts`))).toBe(true);
    }
  });

  it('would miss one that nobody entered', async () => {
    expect(unmapped(await mapped(), ['apps/orderctl', 'apps/forgotten'])).toEqual(['apps/forgotten']);
  });
});
