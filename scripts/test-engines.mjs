// Runs all engine suites against real engines: those that the environment names, otherwise engines of this run,
// which end with it. With --full the end-to-end run imports the whole file of orders instead of a slice.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EngineFailure } from './engines/failure.mjs';
import { openFolder } from './engines/folders.mjs';
import { down, engines, folderOf, up } from './engines/lifecycle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/**
 * Suites that use `describeWith`, suites that only real engines have, and the event store's contract where a
 * server is given.
 */
function suitesOf({ EVENTSTORE_URL: server }) {
  const tests = readdirSync(join(root, 'test'), { recursive: true }).filter((path) =>
    path.endsWith('.test.ts'),
  );
  const contract = join('contract', 'event-store');
  return tests
    .filter((path) => {
      if (path.startsWith('real') || (server && path.startsWith(contract))) return true;
      return (
        !path.startsWith('chaos') && readFileSync(join(root, 'test', path), 'utf8').includes('describeWith(')
      );
    })
    .map((path) => join('test', path));
}

const required = process.env.ORDERLOG_TEST_REQUIRE_ENGINES === '1';

const options = { full: { type: 'boolean' }, file: { type: 'string' } };
const { values, positionals } = parseArgs({ allowPositionals: true, options });

// Whoever starts this run may name its folder, in order to end the engines left in it if this process is killed.
const folder = openFolder(
  process.env.ORDERLOG_TEST_ENGINES_FOLDER ?? mkdtempSync(join(tmpdir(), 'orderlog-run-')),
);

async function startMissing(environment) {
  for (const engine of Object.values(engines)) {
    if (environment[engine.variable]) continue;
    try {
      const { ports } = await up(engine, folderOf(engine, folder));
      environment[engine.variable] = engine.address(ports);
      console.log(`${engine.name} ${engine.version} started: ${engine.variable}=${engine.address(ports)}`);
    } catch (error) {
      if (required || !(error instanceof EngineFailure)) throw error;
      console.error(`${error.message}\nThe test suites that need ${engine.name} are skipped.`);
    }
  }
}

/** Also ends the engines that a test started for itself and did not end. */
async function endAll() {
  const own = readdirSync(folder).filter((name) => name.startsWith('orderlog-own-'));
  for (const parent of [folder, ...own.map((name) => join(folder, name))]) {
    for (const engine of Object.values(engines)) await down(engine, folderOf(engine, parent));
  }
  rmSync(folder, { recursive: true, force: true });
}

let running;
function run(file, args, environment) {
  running = spawn(file, args, { cwd: root, stdio: 'inherit', env: environment });
  return new Promise((ended, failed) => {
    running.once('error', failed);
    running.once('close', (code) => ended(code ?? 1));
  });
}
// The signal ends the child, and this run then ends in its usual way, which ends the engines too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => running?.kill(signal));

try {
  process.env.ORDERLOG_TEST_SHORT_LIVED_ENGINES = '1';
  const environment = { ...process.env, ORDERLOG_TEST_ENGINES_FOLDER: folder };
  if (values.full) environment.ORDERLOG_TEST_RETAIL_FULL = '1';
  if (values.file) environment.ORDERLOG_TEST_RETAIL_FILE = values.file;
  process.exitCode = await run('npm', ['run', '--silent', 'build'], environment);
  if (process.exitCode === 0) {
    await startMissing(environment);
    const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
    const suites = positionals.length > 0 ? positionals : suitesOf(environment);
    if (positionals.length === 0) environment.ORDERLOG_TEST_ENGINES_ONLY = '1';
    process.exitCode = await run(
      process.execPath,
      [...jest, '--selectProjects', 'integration', 'real', '--', ...suites],
      environment,
    );
  }
} catch (error) {
  console.error(error instanceof EngineFailure ? error.message : error);
  process.exitCode = 1;
} finally {
  await endAll();
}
