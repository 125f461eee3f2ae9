import { describe, expect, it } from '@jest/globals';
import {
  ConfigError,
  envEventStoreUrl,
  envFlag,
  envInteger,
  envJwksUrl,
  envOneOf,
  envOptionalText,
  envPort,
  envPostgresUrl,
  envText,
  readConfig,
  type Setting,
} from './config.js';

const settings = {
  host: envText('ORDERLOG_HOST', '127.0.0.1'),
  port: envPort('ORDERLOG_PORT', 3000),
  postgresUrl: envPostgresUrl('ORDERLOG_POSTGRES_URL'),
  requireIfMatch: envFlag('ORDERLOG_REQUIRE_IF_MATCH', false),
  token: envOptionalText('ORDERLOG_TOKEN'),
};

describe('the configuration', () => {
  it('is read from the environment, with defaults for what is not set or empty', () => {
    const environment = {
      ORDERLOG_POSTGRES_URL: 'postgres://localhost/x',
      ORDERLOG_PORT: '0',
      ORDERLOG_HOST: '',
    };
    expect(readConfig(settings, environment)).toEqual({
      host: '127.0.0.1',
      port: 0,
      postgresUrl: 'postgres://localhost/x',
      requireIfMatch: false,
      token: null,
    });
  });

  it('may hold what tests and other programs set', () => {
    const environment = { ORDERLOG_TEST_POSTGRES_URL: 'x', PATH: '/bin', ORDERLOG_QUERY_URL: 'http://x' };
    expect(readConfig({}, environment)).toEqual({});
  });

  it.each<[string, Setting<unknown>, Record<string, string>]>([
    ['ORDERLOG_POSTGRES_URL is not set: PostgreSQL of', envPostgresUrl('ORDERLOG_POSTGRES_URL'), {}],
    ['ORDERLOG_PORT is "80x": give a port', envPort('ORDERLOG_PORT'), { ORDERLOG_PORT: '80x' }],
    ['ORDERLOG_PORT is "65536": give a port', envPort('ORDERLOG_PORT'), { ORDERLOG_PORT: '65536' }],
    [
      'ORDERLOG_PORT is "11": give a whole number, 1 to 10',
      envInteger('ORDERLOG_PORT', { min: 1, max: 10 }),
      { ORDERLOG_PORT: '11' },
    ],
    [
      'ORDERLOG_REQUIRE_IF_MATCH is "yes": give true or false',
      envFlag('ORDERLOG_REQUIRE_IF_MATCH', false),
      { ORDERLOG_REQUIRE_IF_MATCH: 'yes' },
    ],
    [
      'ORDERLOG_LOG_LEVEL is "loud": give one of info, debug',
      envOneOf('ORDERLOG_LOG_LEVEL', ['info', 'debug']),
      { ORDERLOG_LOG_LEVEL: 'loud' },
    ],
    [
      'ORDERLOG_EVENT_STORE_URL is no URL of the right kind: give esdb://… or esdb+discover://…',
      envEventStoreUrl('ORDERLOG_EVENT_STORE_URL'),
      { ORDERLOG_EVENT_STORE_URL: 'http://localhost' },
    ],
    [
      'ORDERLOG_JWKS_URL is no URL of the right kind: give https://…',
      envJwksUrl('ORDERLOG_JWKS_URL'),
      { ORDERLOG_JWKS_URL: './keys' },
    ],
    [
      'ORDERLOG_PROT is no setting of orderlog (did you mean ORDERLOG_PORT?)',
      envPort('ORDERLOG_PORT', 1),
      { ORDERLOG_PROT: '1' },
    ],
    ['ORDERLOG_COLOUR is no setting of orderlog: ', envPort('ORDERLOG_PORT', 1), { ORDERLOG_COLOUR: 'red' }],
  ])('stops a start in one line: %s', (message, setting, environment) => {
    const read = () => readConfig({ setting }, environment);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(message);
    expect(read).not.toThrow('\n');
  });

  it('takes a connection string of a cluster as it is', () => {
    const setting = envEventStoreUrl('ORDERLOG_EVENT_STORE_URL');
    for (const url of [
      'esdb://127.0.0.1:2113?tls=false',
      'esdb://me:s%3Acret@a.example:2113,b.example:2113,c.example:2113?tls=true&tlsCAFile=/ca.pem',
      'esdb+discover://me:secret@cluster.example:2113?nodePreference=leader',
    ]) {
      expect(readConfig({ setting }, { ORDERLOG_EVENT_STORE_URL: url })).toEqual({ setting: url });
    }
  });

  it('never repeats a URL, which may hold a password', () => {
    const environment = { ORDERLOG_POSTGRES_URL: 'mysql://me:secret@localhost' };
    expect(() => readConfig(settings, environment)).not.toThrow('secret');
  });
});
