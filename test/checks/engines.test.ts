import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { repositoryRoot } from '#test/support/seeded-tree.js';

const ENGINES = ['elasticsearch', 'kafka', 'redis'];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-engines-check-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** `npm run engines -- …`, in a folder where nothing runs. */
function engines(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return node('scripts/engines.mjs', ...args);
}

function node(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, JAVA_HOME: folder };
  return new Promise((done) => {
    execFile(process.execPath, args, { cwd: repositoryRoot, env }, (error, stdout, stderr) => {
      done({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

describe('the engines for tests', () => {
  it('are said not to run where none does', async () => {
    const { code, stdout } = await engines('status', '--folder', folder);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: ENGINES.map((name) => `${name}: not running\n`).join(''),
    });
    expect(await engines('down', 'kafka', '--folder', folder)).toMatchObject({
      code: 0,
      stderr: 'kafka was not running\n',
    });
    expect(await engines('kill', 'kafka', '--folder', folder)).toMatchObject({ code: 1 });
  });

  it.each([
    [[], 'no command'],
    [['start'], 'unknown command: start'],
    [['up', 'solr'], 'unknown engine: solr'],
    [['up', '--port', '1'], "Unknown option '--port'"],
  ])('are not started by %j', async (args, reason) => {
    const { code, stdout, stderr } = await engines(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(reason);
    expect(stderr).toContain('usage: npm run engines');
  });

  it('ask for a JDK that is new enough, and say what they found', async () => {
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'bin/java'), '');
    await writeFile(join(folder, 'release'), 'JAVA_VERSION="11.0.2"\n');
    const ask = `import { findJdk } from './scripts/engines/jdk.mjs'; findJdk(999, 'Solr 1');`;
    const { stderr } = await node('--input-type=module', '--eval', ask);
    expect(stderr).toMatch(/Solr 1 needs a JDK 999 or newer; found: .*11 in .*Install one, or set JAVA_HOME/);
  });

  it('are of the same versions in containers', async () => {
    const compose = parse(await readFile(join(repositoryRoot, 'docker/engines.yaml'), 'utf8')) as {
      services: Record<string, { image: string }>;
    };
    const versions = parseEnv(await readFile(join(repositoryRoot, 'docker/.env'), 'utf8'));
    expect(Object.keys(compose.services)).toEqual(ENGINES);
    for (const [name, { image }] of Object.entries(compose.services)) {
      const variable = `${name.toUpperCase()}_VERSION`;
      expect(image.split(':')[1]).toBe(`\${${variable}}`);
      expect(versions[variable]).toMatch(/^\d+\.\d+\.\d+$/);
    }
  });
});
