import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#platform/embedded-postgres.js';

declare global {
  var testPostgres: { server: EmbeddedPostgres; dataDir: string } | undefined;
}

/** One real PostgreSQL for the whole run, unless told of one; every test makes a database of its own in it. */
export default async function startEngines(): Promise<void> {
  if (globalThis.testPostgres || process.env['ORDERLOG_TEST_POSTGRES_URL']) return;
  const dataDir = await mkdtemp(join(tmpdir(), 'orderlog-test-'));
  const server = await startEmbeddedPostgres({ dataDir });
  globalThis.testPostgres = { server, dataDir };
  process.env['ORDERLOG_TEST_POSTGRES_URL'] = server.url;
}
