import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { envJwksUrl } from './auth/jwks-url.js';
import { ConfigError, overridden, readConfig, type Setting } from './config.js';
import {
  envFlag,
  envInteger,
  envOneOf,
  envOptionalText,
  envPort,
  envPostgresUrl,
  envText,
} from './env-settings.js';

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

  it('ignores variables of tests and other programs', () => {
    const environment = { ORDERLOG_TEST_POSTGRES_URL: 'x', PATH: '/bin', ORDERLOG_QUERY_URL: 'http://x' };
    expect(readConfig({}, environment)).toEqual({});
  });

  it.each<[string, Setting<unknown>, Record<string, string>]>([
    ['ORDERLOG_POSTGRES_URL is not set: PostgreSQL of', envPostgresUrl('ORDERLOG_POSTGRES_URL'), {}],
    ['ORDERLOG_PORT is "80x": give a port', envPort('ORDERLOG_PORT'), { ORDERLOG_PORT: '80x' }],
    ['ORDERLOG_PORT is "65536": give a port', envPort('ORDERLOG_PORT'), { ORDERLOG_PORT: '65536' }],
    [
      'ORDERLOG_PORT is "11": give a whole number from 1 to 10',
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
      'ORDERLOG_JWKS_URL is not a URL of the right kind: give https://…',
      envJwksUrl('ORDERLOG_JWKS_URL'),
      { ORDERLOG_JWKS_URL: './keys' },
    ],
    [
      'ORDERLOG_PROT is not a setting of orderlog (did you mean ORDERLOG_PORT?)',
      envPort('ORDERLOG_PORT', 1),
      { ORDERLOG_PROT: '1' },
    ],
    [
      'ORDERLOG_QUERY_PORT is not a setting of orderlog',
      envPort('ORDERLOG_PORT', 1),
      { ORDERLOG_QUERY_PORT: '3001' },
    ],
    [
      'ORDERLOG_COLOUR is not a setting of orderlog: ',
      envPort('ORDERLOG_PORT', 1),
      { ORDERLOG_COLOUR: 'red' },
    ],
  ])('stops a start in one line: %s', (message, setting, environment) => {
    const read = () => readConfig({ setting }, environment);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(message);
    expect(read).not.toThrow('\n');
  });

  it('are not looked for in what Kubernetes says of a service', () => {
    const links = {
      ORDERLOG_QUERY_API_SERVICE_HOST: '10.0.0.11',
      ORDERLOG_QUERY_API_SERVICE_PORT: '3001',
      ORDERLOG_QUERY_API_SERVICE_PORT_HTTP: '3001',
      ORDERLOG_QUERY_API_PORT: 'tcp://10.0.0.11:3001',
      ORDERLOG_QUERY_API_PORT_3001_TCP: 'tcp://10.0.0.11:3001',
      ORDERLOG_QUERY_API_PORT_3001_TCP_ADDR: '10.0.0.11',
    };
    expect(readConfig({ port: envPort('ORDERLOG_PORT', 1) }, links)).toEqual({ port: 1 });
  });

  it('never repeats a URL, which may hold a password', () => {
    const environment = { ORDERLOG_POSTGRES_URL: 'mysql://me:secret@localhost' };
    expect(() => readConfig(settings, environment)).not.toThrow('secret');
  });

  describe('of a secret', () => {
    const { postgresUrl } = settings;
    const url = 'postgres://me:s3cret@localhost/orders';
    const read = (environment: Record<string, string>) =>
      readConfig({ postgresUrl }, environment).postgresUrl;
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'orderlog-secrets-'));
    });
    afterAll(() => rmSync(folder, { recursive: true }));
    const file = (content: string) => {
      const path = join(folder, randomUUID());
      writeFileSync(path, content);
      return path;
    };

    it.each(['', '\n', '\r\n'])('is read from the file that is named, without its last %j', (end) => {
      expect(read({ ORDERLOG_POSTGRES_URL_FILE: file(url + end) })).toBe(url);
    });

    it('is what its variable says where the one for a file is empty, and the other way round', () => {
      expect(read({ ORDERLOG_POSTGRES_URL: url, ORDERLOG_POSTGRES_URL_FILE: '' })).toBe(url);
      expect(read({ ORDERLOG_POSTGRES_URL: '', ORDERLOG_POSTGRES_URL_FILE: file(url) })).toBe(url);
    });

    it('keeps all other white space in it', () => {
      const password = envText('ORDERLOG_KAFKA_SASL_PASSWORD');
      const environment = { ORDERLOG_KAFKA_SASL_PASSWORD_FILE: file(' pass word \n') };
      expect(readConfig({ password }, environment)).toEqual({ password: ' pass word ' });
    });

    it.each<[string, () => Record<string, string>]>([
      [
        'ORDERLOG_POSTGRES_URL and ORDERLOG_POSTGRES_URL_FILE are both set: unset one of them',
        () => ({ ORDERLOG_POSTGRES_URL: url, ORDERLOG_POSTGRES_URL_FILE: file(url) }),
      ],
      [
        'ORDERLOG_POSTGRES_URL_FILE names a file that cannot be read (ENOENT): name one that this app may read',
        () => ({ ORDERLOG_POSTGRES_URL_FILE: join(folder, 'none') }),
      ],
      [
        'ORDERLOG_POSTGRES_URL_FILE names a file that cannot be read (EISDIR): ',
        () => ({ ORDERLOG_POSTGRES_URL_FILE: folder }),
      ],
      [
        'ORDERLOG_POSTGRES_URL_FILE names an empty file: ',
        () => ({ ORDERLOG_POSTGRES_URL_FILE: file('\n') }),
      ],
      [
        'ORDERLOG_POSTGRES_URL_FILE names a file with more than one line: ',
        () => ({ ORDERLOG_POSTGRES_URL_FILE: file(`${url}\ns3cret\n`) }),
      ],
      [
        'ORDERLOG_POSTGRES_URL_FILE names a file of more than 65536 bytes: ',
        () => ({ ORDERLOG_POSTGRES_URL_FILE: file('s3cret'.repeat(20_000)) }),
      ],
      [
        'ORDERLOG_POSTGRES_URL is not a URL of the right kind: ',
        () => ({ ORDERLOG_POSTGRES_URL_FILE: file('mysql://me:s3cret@localhost') }),
      ],
      [
        'ORDERLOG_PORT_FILE is not a setting of orderlog',
        () => ({ ORDERLOG_PORT_FILE: file('3000'), ORDERLOG_POSTGRES_URL: url }),
      ],
      [
        'ORDERLOG_POSTGRES_URL_FIEL is not a setting of orderlog (did you mean ORDERLOG_POSTGRES_URL_FILE?)',
        () => ({ ORDERLOG_POSTGRES_URL_FIEL: 'x' }),
      ],
    ])('stops a start in one line that does not have it: %s', (message, environment) => {
      const reading = () => read(environment());
      expect(reading).toThrow(ConfigError);
      expect(reading).toThrow(message);
      expect(reading).not.toThrow(/\n|s3cret/);
    });

    it('is overridden by what a program sets itself, also when the environment names a file', () => {
      const environment = { ORDERLOG_POSTGRES_URL_FILE: join(folder, 'none') };
      expect(read(overridden(environment, { ORDERLOG_POSTGRES_URL: url }) as Record<string, string>)).toBe(
        url,
      );
    });
  });
});
