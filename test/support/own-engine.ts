import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from './seeded-tree.js';

const ENGINES = join(repositoryRoot, 'scripts/engines.mjs');

/** An engine that only one test uses, on its own ports. */
export interface OwnEngine {
  /** In the form of its environment variable: a URL for Elasticsearch and Redis, `host:port` for Kafka. */
  readonly url: string;
  /** Ends it as a crash would (SIGKILL). What it stored stays. */
  kill(): Promise<void>;
  /** After `kill`: starts it again with the same data at the same address. Resolves once it is ready. */
  restart(): Promise<void>;
  /** Ends it and removes what it stored. */
  stop(): Promise<void>;
}

/**
 * Starts an engine for one test, and resolves once it answers. The test has to `stop` it. Takes 5 to 20 seconds.
 */
export async function startOwnEngine(engine: 'elasticsearch' | 'kafka' | 'redis'): Promise<OwnEngine> {
  const parent = process.env['ORDERLOG_TEST_ENGINES_FOLDER'] ?? tmpdir();
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, `orderlog-own-${engine}-`));
  const run = async (command: string) => {
    const args = [ENGINES, command, engine, '--folder', folder];
    const env = { ...process.env, ORDERLOG_TEST_SHORT_LIVED_ENGINES: '1' };
    return (await promisify(execFile)(process.execPath, args, { env })).stdout;
  };
  const stop = async () => {
    await run('down');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const line = await run('up');
    return {
      url: line.slice(line.indexOf('=') + 1).trim(),
      kill: async () => void (await run('kill')),
      restart: async () => void (await run('up')),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
