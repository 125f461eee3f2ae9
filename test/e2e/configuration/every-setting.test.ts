import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '#platform/config.js';
import { configNames, type ConfigName } from '#platform/config-names.js';
import { createLogger } from '#platform/logging.js';
import { settingsFromEnvironment as ofCommandApi } from '../../../apps/command-api/src/settings.js';
import { settingsFromEnvironment as ofEventStore } from '../../../apps/event-store/src/settings.js';
import { chosenEngines } from '../../../apps/orderctl/src/system/engines.js';
import { Connection } from '../../../apps/orderctl/src/support/connection.js';
import { settingsFromEnvironment as ofProjector } from '../../../apps/projector/src/settings.js';
import { settingsFromEnvironment as ofQueryApi } from '../../../apps/query-api/src/settings.js';

type Environment = Partial<Record<ConfigName, string>>;

const MARK = 's3cret';

/** What each setting must not be; none where every text is right. */
const wrong: Readonly<Record<ConfigName, readonly string[]>> = {
  ORDERLOG_POSTGRES_URL: [
    'localhost:5432',
    `mysql://me:${MARK}@h`,
    `postgres://me:${MARK}%@h/x`,
    `postgres://me:${MARK}@h/x?sslmode=verify-full&sslrootcert=/none`,
    `postgres://me:${MARK}@h:99999/x`,
  ],
  ORDERLOG_EVENT_STORE_URL: [
    'localhost',
    `http://me:${MARK}@h:2113`,
    `esdb://me:${MARK}%@h`,
    `esdb://me:${MARK}@h:99999`,
    `esdb://me:${MARK}@h:2113?tls=perhaps`,
    `esdb://me:${MARK}@h:2113?colour=red`,
    `esdb://me:${MARK}@h:2113?tls=true&tlsCAFile=/none`,
  ],
  ORDERLOG_SEARCH_ENGINE: ['solr', 'Postgres'],
  ORDERLOG_ELASTICSEARCH_URL: [
    'localhost:9200',
    `ftp://me:${MARK}@h`,
    `http://me:${MARK}%@h`,
    `http://me:${MARK}@h:99999`,
    `http://me:${MARK}@h:9200,h:9201`,
    `http://me:${MARK}@h:9200,https://me:${MARK}@h:9201`,
    `http://me:${MARK}@h:9200,http://h:9201`,
  ],
  ORDERLOG_ELASTICSEARCH_API_KEY: [`${MARK} two`, `${MARK}\nthree`, `${MARK}é`],
  ORDERLOG_ELASTICSEARCH_CA_FILE: ['/none/ca.pem'],
  ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: ['Orders', '-orders', 'a'.repeat(101)],
  ORDERLOG_KAFKA_BROKERS: ['localhost', `me:${MARK}@h:9092`, 'h:0', 'h:65536', 'h:9092,'],
  ORDERLOG_KAFKA_TOPIC: ['two words', '..', 'x'.repeat(250)],
  ORDERLOG_KAFKA_PARTITIONS: ['0', '10001', '1.5', 'six'],
  ORDERLOG_KAFKA_REPLICATION: ['0', '101', 'two'],
  ORDERLOG_KAFKA_RETENTION_HOURS: ['-2', '1000001', 'ever'],
  ORDERLOG_KAFKA_COMPRESSION: ['zstd', 'GZIP'],
  ORDERLOG_KAFKA_TLS: ['yes', '1'],
  ORDERLOG_KAFKA_CA_FILE: ['/none/ca.pem'],
  ORDERLOG_KAFKA_SASL_MECHANISM: ['oauthbearer', 'PLAIN'],
  ORDERLOG_KAFKA_SASL_USERNAME: [],
  ORDERLOG_KAFKA_SASL_PASSWORD: [],
  ORDERLOG_HOST: ['http://127.0.0.1', '127.0.0.1:3000', 'two words'],
  ORDERLOG_PORT: ['80x', '-1', '65536', '3000.5'],
  ORDERLOG_JWKS_URL: [
    'keys.json',
    'ftp://h/keys',
    `https://me:${MARK}@h/keys`,
    `file:///none/${MARK}.json`,
    new URL('../../../package.json', import.meta.url).href,
  ],
  ORDERLOG_JWT_ISSUER: [],
  ORDERLOG_JWT_AUDIENCE: [],
  ORDERLOG_QUERY_BASE_URL: [
    'localhost:3001',
    'file:///x',
    `https://me:${MARK}@h`,
    'https://h/?a=1',
    'https://h/#f',
    'https://h\n',
    ' https://h',
    'https://例え.jp',
  ],
  ORDERLOG_REQUIRE_IF_MATCH: ['yes', 'TRUE'],
  ORDERLOG_SNAPSHOT_EVERY_EVENTS: ['-1', '10001', 'often'],
  ORDERLOG_SNAPSHOT_CHECK_ONE_IN: ['-1', '0.01', 'all'],
  ORDERLOG_STATE_CACHE_MB: ['-1', '65537', '192M'],
  ORDERLOG_LOG_LEVEL: ['loud', 'INFO'],
  ORDERLOG_DRAIN_DELAY_MS: ['-1', '120001', '5s'],
  ORDERLOG_DATA: [],
  ORDERLOG_TOKEN: [`${MARK} two`, `${MARK}\nthree`],
  ORDERLOG_COMMAND_URL: ['localhost:3000', 'file:///x', `https://me:${MARK}@h`, 'https://h/?a=1'],
  ORDERLOG_QUERY_URL: ['localhost:3001', 'file:///x', `https://me:${MARK}@h`],
};

const right: Environment = {
  ORDERLOG_POSTGRES_URL: `postgres://me:${MARK}@localhost/orders`,
  ORDERLOG_EVENT_STORE_URL: 'esdb://localhost:2113?tls=false',
  ORDERLOG_JWKS_URL: 'https://issuer.example/keys',
  ORDERLOG_JWT_ISSUER: 'issuer',
  ORDERLOG_JWT_AUDIENCE: 'orderlog',
  ORDERLOG_QUERY_BASE_URL: 'https://orders.example',
  ORDERLOG_COMMAND_URL: 'https://orders.example',
  ORDERLOG_QUERY_URL: 'https://orders.example',
};

/** What stands beside a setting so that it means anything. */
function beside(name: ConfigName): Environment {
  if (name.startsWith('ORDERLOG_KAFKA')) return { ORDERLOG_KAFKA_BROKERS: 'h:9092' };
  return name.startsWith('ORDERLOG_ELASTICSEARCH') ? { ORDERLOG_ELASTICSEARCH_URL: 'http://h:9200' } : {};
}

/** How each app reads its settings at its start; orderctl reads what its commands use. */
const apps: Readonly<Record<string, () => unknown>> = {
  'command-api': ofCommandApi,
  'query-api': ofQueryApi,
  projector: ofProjector,
  'event-store': ofEventStore,
  orderctl: async () => {
    chosenEngines({});
    const connection = new Connection({});
    for (const which of ['commandUrl', 'queryUrl', 'eventStoreUrl', 'postgresUrl'] as const) {
      await connection.address(which);
    }
    await connection.elasticsearch();
    await connection.token();
  },
};

const readers = (name: ConfigName) => {
  const { readBy } = configNames[name];
  return readBy === 'every app' ? Object.keys(apps) : readBy.split(', ');
};

const cases = (Object.keys(configNames) as ConfigName[]).flatMap((name) =>
  wrong[name].flatMap((value) => readers(name).map((app) => [app, name, value] as const)),
);
const required = (Object.keys(configNames) as ConfigName[])
  .filter((name) => configNames[name].otherwise === 'required')
  .flatMap((name) => readers(name).map((app) => [app, name] as const))
  .filter(([app]) => app !== 'orderctl'); // which asks for what a command needs, and finds it in its folder

const kept = { ...process.env };

async function failure(app: string, environment: Partial<Record<string, string>>): Promise<Error> {
  for (const name of Object.keys(process.env)) if (name.startsWith('ORDERLOG_')) delete process.env[name];
  Object.assign(process.env, environment);
  try {
    createLogger(app);
    await apps[app]!();
  } catch (error) {
    return error as Error;
  }
  throw new Error(`${app} takes ${JSON.stringify(environment)}`);
}

describe('every setting', () => {
  beforeEach(() => {
    process.env = { ...kept };
  });
  afterEach(() => {
    process.env = kept;
  });

  it.each(cases)('of %s: %s is not %j', async (app, name, value) => {
    const error = await failure(app, { ...right, ...beside(name), [name]: value });
    expect(error.message).toMatch(new RegExp(`^${name}\\b`));
    expect(error.message).toMatch(/: |, | needs a URL of the kind /); // and what to do
    expect(error.message).not.toMatch(new RegExp(`\n|${MARK}`));
  });

  it.each(required)('of %s: %s is required', async (app, name) => {
    const { message } = await failure(app, { ...right, [name]: '' });
    expect(message).toBe(`${name} is not set: ${configNames[name].meaning}`);
  });

  it.each(Object.keys(apps).filter((app) => app !== 'orderctl'))(
    'of %s: another one is none',
    async (app) => {
      const error = await failure(app, { ...right, ORDERLOG_PROT: '1' });
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message).toContain('did you mean ORDERLOG_PORT?');
    },
  );

  it.each<[string, string, Environment]>([
    [
      'projector',
      'ORDERLOG_SEARCH_ENGINE is elasticsearch, but',
      { ORDERLOG_SEARCH_ENGINE: 'elasticsearch' },
    ],
    [
      'projector',
      'ORDERLOG_ELASTICSEARCH_INDEX_PREFIX is set, but',
      { ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: 'x' },
    ],
    ['query-api', 'ORDERLOG_ELASTICSEARCH_API_KEY is set, but', { ORDERLOG_ELASTICSEARCH_API_KEY: MARK }],
    [
      'query-api',
      'ORDERLOG_ELASTICSEARCH_CA_FILE is set, but',
      { ORDERLOG_ELASTICSEARCH_CA_FILE: '/dev/null' },
    ],
    ...['query-api', 'projector', 'orderctl'].flatMap((app): [string, string, Environment][] => [
      [
        app,
        'ORDERLOG_ELASTICSEARCH_API_KEY is set, but ORDERLOG_ELASTICSEARCH_URL holds a user',
        { ORDERLOG_ELASTICSEARCH_URL: `https://me:${MARK}@h`, ORDERLOG_ELASTICSEARCH_API_KEY: MARK },
      ],
      [
        app,
        'ORDERLOG_ELASTICSEARCH_CA_FILE is set, but ORDERLOG_ELASTICSEARCH_URL is an http: URL',
        { ORDERLOG_ELASTICSEARCH_URL: 'http://h:9200', ORDERLOG_ELASTICSEARCH_CA_FILE: '/dev/null' },
      ],
    ]),
    ...Object.entries({
      ORDERLOG_KAFKA_TOPIC: 'x',
      ORDERLOG_KAFKA_PARTITIONS: '2',
      ORDERLOG_KAFKA_REPLICATION: '2',
      ORDERLOG_KAFKA_RETENTION_HOURS: '2',
      ORDERLOG_KAFKA_COMPRESSION: 'gzip',
      ORDERLOG_KAFKA_TLS: 'true',
      ORDERLOG_KAFKA_CA_FILE: '/dev/null',
      ORDERLOG_KAFKA_SASL_MECHANISM: 'plain',
      ORDERLOG_KAFKA_SASL_USERNAME: 'me',
      ORDERLOG_KAFKA_SASL_PASSWORD: MARK,
    }).map(([name, value]): [string, string, Environment] => [
      'projector',
      `${name} is set, but ORDERLOG_KAFKA_BROKERS is not`,
      { [name]: value },
    ]),
    [
      'projector',
      'ORDERLOG_KAFKA_CA_FILE is set, but ORDERLOG_KAFKA_TLS is not true',
      { ORDERLOG_KAFKA_BROKERS: 'h:9092', ORDERLOG_KAFKA_CA_FILE: '/dev/null' },
    ],
    [
      'projector',
      'ORDERLOG_KAFKA_SASL_MECHANISM is set, but ORDERLOG_KAFKA_SASL_USERNAME is not',
      { ORDERLOG_KAFKA_BROKERS: 'h:9092', ORDERLOG_KAFKA_SASL_MECHANISM: 'plain' },
    ],
    [
      'projector',
      'ORDERLOG_KAFKA_SASL_PASSWORD is set, but ORDERLOG_KAFKA_SASL_MECHANISM is not',
      { ORDERLOG_KAFKA_BROKERS: 'h:9092', ORDERLOG_KAFKA_SASL_PASSWORD: MARK },
    ],
  ])('of %s may not contradict another: %s', async (app, message, environment) => {
    const error = await failure(app, { ...right, ...environment });
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain(MARK);
  });

  it('names only apps that exist as its readers', () => {
    for (const { readBy } of Object.values(configNames)) {
      expect([...Object.keys(apps), 'every app']).toEqual(expect.arrayContaining(readBy.split(', ')));
    }
    expect(readConfig({}, right)).toEqual({});
  });
});
