import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { parse } from 'yaml';
import { finished, repositoryRoot, type Finished } from '#test/support/seeded-tree.js';
import { until } from '#test/support/until.js';

// Each command is a process of its own, on a machine that may be busy.
jest.setTimeout(60_000);

const ENGINES = ['elasticsearch', 'kafka', 'redis'];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-engines-check-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** `npm run engines -- …`, in a folder where nothing runs. */
function engines(...args: readonly string[]): Promise<Finished> {
  return node('scripts/engines.mjs', ...args);
}

function node(...args: readonly string[]): Promise<Finished> {
  return finished(process.execPath, args, repositoryRoot, { ...process.env, JAVA_HOME: folder });
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

/** Takes as much of Redis's options and protocol as its start needs, and writes down that it was started. */
const STAND_IN = `#!${process.execPath}
const { appendFileSync, existsSync } = require('node:fs');
const { STARTS, FAILS, ANSWERS_ONCE } = process.env;
appendFileSync(STARTS, process.pid + '\\n');
if (FAILS) throw new Error(FAILS);
const isReady = () => !ANSWERS_ONCE || existsSync(ANSWERS_ONCE);
const port = process.argv[process.argv.indexOf('--port') + 1];
const answer = (socket) => socket.end(isReady() ? '+PONG\\r\\n' : '-LOADING\\r\\n');
require('node:net').createServer((socket) => socket.once('data', () => answer(socket))).listen(port, '127.0.0.1');
`;

describe('an engine for tests', () => {
  let own: string;
  let starts: string;

  beforeEach(async () => {
    own = await mkdtemp(join(tmpdir(), 'orderlog-engines-check-'));
    starts = join(own, 'starts');
    await mkdir(join(own, 'bin'));
    await writeFile(join(own, 'bin/redis-server'), STAND_IN, { mode: 0o755 });
    // Docker is here, but does not answer: the engine is a process.
    await writeFile(join(own, 'bin/docker'), `#!${process.execPath}\nprocess.exit(1);\n`, { mode: 0o755 });
  });
  afterEach(async () => {
    for (const pid of await started()) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    await rm(own, { recursive: true, force: true });
  });

  const running = () => join(own, 'running');
  const argsOf = (command: string) => ['scripts/engines.mjs', command, 'redis', '--folder', running()];
  const environment = () => ({
    PATH: `${join(own, 'bin')}:${process.env['PATH']}`,
    TMPDIR: own,
    STARTS: starts,
  });
  /** `npm run engines -- COMMAND redis`, with the stand-in for Redis and a home of its own. */
  const redis = (command: string, more: NodeJS.ProcessEnv = {}) =>
    finished(process.execPath, argsOf(command), repositoryRoot, { ...environment(), ...more });
  const started = async () =>
    existsSync(starts) ? (await readFile(starts, 'utf8')).trim().split('\n').map(Number) : [];
  // One that has ended may be there until somebody asks how (proc(5): state Z).
  const isRunning = (pid: number) =>
    existsSync(`/proc/${pid}`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

  it('is started once, says so when it runs already, and where; and is gone after down', async () => {
    const first = await redis('up');
    expect(first).toMatchObject({ code: 0, stderr: expect.stringMatching(/^redis \S+ started\n$/) });
    expect(first.stdout).toMatch(/^REDIS_URL=redis:\/\/127\.0\.0\.1:\d+\n$/);
    const again = await redis('up');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(/^redis \S+ was running\n$/) });
    expect(again.stdout).toBe(first.stdout);
    const [pid, ...others] = await started();
    expect(others).toEqual([]);
    const { stdout } = await redis('status');
    expect(stdout).toMatch(/^redis \S+: REDIS_URL=\S+ \(process \d+, log \S+\)\n$/);
    expect(stdout).toContain(`: ${first.stdout.trim()} (process ${pid}, `);
    expect(await redis('down')).toMatchObject({ code: 0, stderr: 'redis stopped\n' });
    expect(isRunning(pid!)).toBe(false);
    expect(await redis('status')).toMatchObject({ stdout: 'redis: not running\n' });
    expect(await readdir(running())).toEqual([]);
  });

  it('that does not start shows its log', async () => {
    const { code, stdout, stderr } = await redis('up', { FAILS: 'no room for an append-only file' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^redis ended before it answered\. The end of its log:\n/);
    expect(stderr).toContain('Error: no room for an append-only file');
    expect(await redis('status')).toMatchObject({ stdout: 'redis: not running\n' });
  });

  it('is started by one of several that start it at once', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => redis('up')));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(1);
    expect(all.filter(({ stderr }) => / started\n$/.test(stderr))).toHaveLength(1);
    expect(await started()).toHaveLength(1);
    await redis('down');
  });

  it('is not ended before its start is over', async () => {
    const answersOnce = join(own, 'answers');
    const starting = redis('up', { ANSWERS_ONCE: answersOnce });
    await until('it is started', () => existsSync(starts));
    const ending = spawn(process.execPath, argsOf('down'), { cwd: repositoryRoot, env: environment() });
    let said = '';
    ending.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(ending, 'close');
    await until('the other waits', () =>
      /^redis: waiting for process \d+, which starts or ends it\n$/.test(said),
    );
    await writeFile(answersOnce, '');
    expect(await starting).toMatchObject({ code: 0 });
    expect(await ended).toEqual([0, null]);
    expect(said).toMatch(/\nredis stopped\n$/);
    expect((await started()).filter(isRunning)).toEqual([]);
  });

  it('is started although another that started or ended it was killed', async () => {
    const { pid } = spawnSync(process.execPath, ['--eval', '']);
    await mkdir(running());
    for (const name of ['redis.lock', 'redis.lock.stale']) {
      await writeFile(join(running(), name), JSON.stringify({ pid, startedAt: '1' }));
    }
    expect(await redis('up')).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^redis \S+ started\n$/),
    });
    await redis('down');
  });
});
