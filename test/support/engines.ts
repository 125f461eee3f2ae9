import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, it } from '@jest/globals';
import { repositoryRoot } from './seeded-tree.js';

const ENGINES = join(repositoryRoot, 'scripts/engines.mjs');

/** The variable that says where each engine is; `npm run engines -- up` prints those of the ones it starts. */
const VARIABLES = {
  elasticsearch: 'ELASTICSEARCH_URL',
  kafka: 'KAFKA_BROKERS',
  redis: 'REDIS_URL',
} as const;

export type TestEngine = keyof typeof VARIABLES;

/** Where the tests' Elasticsearch answers, such as `http://127.0.0.1:9200`; null where there is none. */
export function elasticsearchUrl(): string | null {
  return placeOf('elasticsearch');
}

/** `host:port` of each of the tests' Kafka brokers; null where there is none. */
export function kafkaBrokers(): readonly string[] | null {
  return placeOf('kafka')?.split(',') ?? null;
}

/**
 * `describe` for what needs an engine, or several. Where one is absent the suite is skipped under a name that says so,
 * and its tests are counted as skipped; with ORDERLOG_TEST_REQUIRE_ENGINES=1 the absence is a failure.
 */
export function describeWith(
  needed: TestEngine | readonly TestEngine[],
  name: string,
  body: () => void,
): void {
  const absent = [needed].flat().filter((engine) => placeOf(engine) === null);
  const unset = `${absent.map((engine) => VARIABLES[engine]).join(' and ')} not set`;
  if (absent.length === 0) {
    describe(name, body);
  } else if (process.env['ORDERLOG_TEST_REQUIRE_ENGINES'] === '1') {
    describe(name, () => {
      it(`has its ${absent.join(' and ')}`, () => {
        throw new Error(`${unset}, and ORDERLOG_TEST_REQUIRE_ENGINES=1 demands an engine`);
      });
    });
  } else {
    describe.skip(`${name} (skipped: ${unset})`, body);
  }
}

function placeOf(engine: TestEngine): string | null {
  return process.env[VARIABLES[engine]]?.trim() || null;
}

/** An engine that one test has to itself, on ports of its own. */
export interface OwnEngine {
  /** As the environment variable has it: an address for Elasticsearch and Redis, `host:port` for Kafka. */
  readonly url: string;
  /** Ends it as a crash would (SIGKILL). What it stored stays. */
  kill(): Promise<void>;
  /** After `kill`: starts it again with the same data at the same address; answers once it is ready. */
  restart(): Promise<void>;
  /** Ends it and removes what it stored. */
  stop(): Promise<void>;
}

/** Starts an engine for one test, ready when it answers; the test has to `stop` it. Takes 5 to 20 seconds. */
export async function startOwnEngine(engine: 'elasticsearch' | 'kafka' | 'redis'): Promise<OwnEngine> {
  const parent = process.env['ORDERLOG_TEST_ENGINES_FOLDER'] ?? tmpdir();
  const folder = await mkdtemp(join(parent, `orderlog-own-${engine}-`));
  const run = async (command: string) => {
    const args = [ENGINES, command, engine, '--folder', folder];
    return (await promisify(execFile)(process.execPath, args)).stdout;
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
