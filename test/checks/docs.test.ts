import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { knownVariables } from '#platform/config-names.js';
import { projectionMetrics } from '#projections/status/projection-metrics.js';
import { EXPORT_LONGEST_MS } from '#read-models/readers/order-export.reader.js';
import { EXPORT_STALLED_AFTER_MS } from '../../apps/query-api/src/exports/stalled-client.js';
import { finished, repositoryRoot } from '../support/seeded-tree.js';

// It asks for the help of every command that a page shows, each a process, on a machine that may be busy.
const TIMEOUT_MS = 240_000;

interface Page {
  path: string;
  text: string;
}

let pages: Page[];
let scripts: Record<string, string>;

beforeAll(async () => {
  const { stdout } = await finished('git', ['ls-files', '--', '*.md']);
  const paths = stdout.trim().split('\n');
  pages = await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(repositoryRoot, path), 'utf8') })),
  );
  const manifest = await readFile(join(repositoryRoot, 'package.json'), 'utf8');
  ({ scripts } = JSON.parse(manifest) as { scripts: Record<string, string> });
});

/** The commands of a page's `sh` fences: comments off, continued lines joined, `a && b` apart. */
function commandsOf({ text }: Page): string[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
    .flatMap(([, fence]) => fence!.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .flatMap((line) => line.split(/\s(?:&&|\||;)\s/))
    .map((line) => line.replace(/^(?:\w+=|eval ")\$\(/, '').trim())
    .filter((line) => line !== '');
}

const onEveryPage = <T>(find: (page: Page) => readonly T[]) =>
  pages.flatMap((page) => find(page).map((found) => ({ path: page.path, found })));

describe('what the documents say', () => {
  it('is a script of package.json, where they say npm', () => {
    const builtIn = new Set(['ci', 'install', 'start', 'test', 'run']);
    const wrong = onEveryPage(commandsOf).filter(({ found }) => {
      const [npm, verb, name] = found.split(/\s+/).filter((word) => word !== '-s');
      if (npm !== 'npm') return false;
      return !builtIn.has(verb!) || (verb === 'run' && !(name! in scripts));
    });
    expect(wrong).toEqual([]);
  });

  it(
    'is a command of orderctl with such options, where they say npx orderctl',
    async () => {
      const used = onEveryPage(commandsOf).filter(({ found }) => /^npx orderctl\b/.test(found));
      expect(used.length).toBeGreaterThan(0);
      const help = new Map<string, string>();
      const wrong: unknown[] = [];
      for (const { path, found } of used) {
        const [, , command = '', ...rest] = found.split(/\s+/);
        const helpFor = async (words: string) => {
          if (!help.has(words)) help.set(words, await helpOf(words));
          return help.get(words)!;
        };
        const general = await helpFor(command);
        const isGroup = command !== '' && /^Commands:$/m.test(general);
        // A group may be a command, too.
        const isMember = isGroup && rest[0] !== undefined && !rest[0].startsWith('--');
        const known = isMember ? await helpFor(`${command} ${rest[0]}`) : general;
        const isOption = (option: string) => new RegExp(`^\\s*${option}\\b(?!-)`, 'm').test(known);
        const options = rest.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0]!);
        const unknown = options.filter((option) => !isOption(option));
        if (known === '' || unknown.length > 0) wrong.push({ path, found, unknown });
      }
      expect(wrong).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('links to files and headings that are there', async () => {
    const links = onEveryPage(({ text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target]) => target!)
        .filter((to) => !/^[a-z]+:/.test(to)),
    );
    const wrong = [];
    for (const { path, found } of links) if (!(await resolves(path, found))) wrong.push(`${path}: ${found}`);
    expect(wrong).toEqual([]);
  });

  it('names no setting that there is not', () => {
    const wrong = onEveryPage(({ text }) => text.match(/\bORDERLOG_[A-Z_]*[A-Z]\b/g) ?? []).filter(
      ({ found }) => !found.startsWith('ORDERLOG_TEST') && !knownVariables.includes(found),
    );
    expect(wrong).toEqual([]);
  });

  it.each(['libs/client/README.md', 'libs/client/src/options.ts'])(
    'is how long an export may take, in %s',
    async (path) => {
      const text = await readFile(join(repositoryRoot, path), 'utf8');
      const stated = `nothing of it is taken for ${EXPORT_STALLED_AFTER_MS / 1_000} s, and after ${EXPORT_LONGEST_MS / 60_000} minutes in all`;
      expect(text.replace(/\s[\s*]*/g, ' ')).toContain(stated);
    },
  );

  it('names no metric of projections that there is not', () => {
    const known = projectionMetrics({ projections: [], relay: null }).getMetricsAsArray();
    const names = known.map(({ name }) => name);
    const named = onEveryPage(({ text }) => text.match(/\borderlog_projection_[a-z_]*[a-z]\b/g) ?? []);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter(({ found }) => !names.includes(found))).toEqual([]);
  });
});

/** Empty when there is no such command. */
async function helpOf(command: string): Promise<string> {
  const parameters = ['apps/orderctl/bin/orderctl.js', ...command.split(' ').filter(Boolean), '--help'];
  const { code, stdout } = await finished('node', parameters);
  // Of a command that it does not know, orderctl prints its own help.
  return code === 0 && stdout.startsWith(`Usage: orderctl ${command === '' ? '[options]' : command} `)
    ? stdout
    : '';
}

async function resolves(from: string, link: string): Promise<boolean> {
  const [file, heading] = link.split('#') as [string, string | undefined];
  const path = file === '' ? from : join(dirname(from), decodeURIComponent(file));
  if (!existsSync(join(repositoryRoot, path))) return false;
  if (heading === undefined || !path.endsWith('.md')) return true;
  const text = await readFile(join(repositoryRoot, path), 'utf8');
  return [...text.matchAll(/^#+ (.*)$/gm)].some(([, title]) => anchorOf(title!) === heading);
}

/** As code hosts make anchors of headings. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}
