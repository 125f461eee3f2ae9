import { mkdtemp, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#platform/embedded-postgres.js';

declare global {
  var testPostgres: { server: EmbeddedPostgres; dataDir: string } | undefined;
}

/** A file system in memory, where Linux has it. */
const MEMORY = '/dev/shm';
/** More than a run has needed at any time; containers often have 64 MB in all. */
const ROOM_BYTES = 4 * 1024 ** 3;

/**
 * What it is told is thrown away after the run, and nobody ends it by force: whoever tests a crash of PostgreSQL
 * starts one of their own. Databases come and go with every test, and most of what that costs is files and WAL.
 */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', wal_compression: 'off', max_wal_size: '512MB' };

/** One real PostgreSQL for the whole run, unless told of one; every test makes a database of its own in it. */
export default async function startEngines(): Promise<void> {
  if (globalThis.testPostgres || process.env['ORDERLOG_TEST_POSTGRES_URL']) return;
  const dataDir = await mkdtemp(join((await hasRoom(MEMORY)) ? MEMORY : tmpdir(), 'orderlog-test-'));
  const server = await startEmbeddedPostgres({ dataDir, settings: SETTINGS });
  globalThis.testPostgres = { server, dataDir };
  process.env['ORDERLOG_TEST_POSTGRES_URL'] = server.url;
}

async function hasRoom(folder: string): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize >= ROOM_BYTES;
  } catch {
    return false; // there is none
  }
}
