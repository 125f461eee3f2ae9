import { mkdtemp, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#platform/embedded-postgres.js';

declare global {
  var testPostgres: { server: EmbeddedPostgres; dataDir: string } | undefined;
}

/** A file system in memory, on Linux. */
const MEMORY = '/dev/shm';
/** More than a run has ever needed at once; containers often have only 64 MB in all. */
const ROOM_BYTES = 4 * 1024 ** 3;

/**
 * The data is thrown away after the run, and no test ends this server by force: a test of a crash starts its own
 * PostgreSQL. Every test makes and drops databases, and most of that cost is files and WAL.
 */
const SETTINGS = { fsync: 'off', full_page_writes: 'off', wal_compression: 'off', max_wal_size: '512MB' };

/**
 * Starts one real PostgreSQL for the whole run, unless ORDERLOG_TEST_POSTGRES_URL names one. Every test makes its
 * own database in it.
 */
export default async function startPostgres(): Promise<void> {
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
    return false; // there is no such folder
  }
}
