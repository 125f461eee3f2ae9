import { describe, it } from '@jest/globals';

export { startOwnEngine, type OwnEngine } from './own-engine.js';

/**
 * The variable with the address of each engine. `npm run engines -- up` prints the variables of the engines it
 * starts.
 */
const VARIABLES = {
  elasticsearch: 'ELASTICSEARCH_URL',
  kafka: 'KAFKA_BROKERS',
  redis: 'REDIS_URL',
} as const;

export type TestEngine = keyof typeof VARIABLES;

/** Address of the tests' Elasticsearch, such as `http://127.0.0.1:9200`; null where there is none. */
export function elasticsearchUrl(): string | null {
  return placeOf('elasticsearch');
}

/** `host:port` of each of the tests' Kafka brokers; null where there is none. */
export function kafkaBrokers(): readonly string[] | null {
  return placeOf('kafka')?.split(',') ?? null;
}

/**
 * `describe` for suites that need engines, and for those beside them that need none. Without its engines a suite is
 * skipped under a name that says so, and its tests are counted as skipped. With ORDERLOG_TEST_REQUIRE_ENGINES=1 a
 * missing engine is a failure. With ORDERLOG_TEST_ENGINES_ONLY=1 suites that need none are left to `npm test`.
 */
export function describeWith(
  needed: TestEngine | readonly TestEngine[],
  name: string,
  body: () => void,
): void {
  const engines = [needed].flat();
  if (engines.length === 0 && process.env['ORDERLOG_TEST_ENGINES_ONLY'] === '1') {
    describe.skip(`${name} (skipped: npm test runs it)`, body);
    return;
  }
  const absent = engines.filter((engine) => placeOf(engine) === null);
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
