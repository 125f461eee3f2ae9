import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from '../config.js';
import { openEmbeddedIssuer } from './embedded-issuer.js';
import { envJwksUrl } from './jwks-url.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'orderlog-jwks-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (url: string) =>
  readConfig({ url: envJwksUrl('ORDERLOG_JWKS_URL') }, { ORDERLOG_JWKS_URL: url }).url;

describe('the address of the keys', () => {
  it('may be a file that holds keys, or any URL of an issuer, which may be away', async () => {
    const { jwksUrl } = await openEmbeddedIssuer(folder);
    for (const url of [jwksUrl, 'https://issuer.example/keys', 'http://127.0.0.1:1/keys']) {
      expect(read(url)).toBe(url);
    }
  });

  it.each([
    ['file:///none/jwks.json', 'ENOENT'],
    [pathToFileURL(tmpdir()).href, 'EISDIR'],
    ['file://host/jwks.json', 'ERR_INVALID_FILE_URL_HOST'],
  ])('stops a start where it is %s', (url, code) => {
    const start = () => read(url);
    expect(start).toThrow(ConfigError);
    expect(start).toThrow(
      new Error(
        `ORDERLOG_JWKS_URL names a file that cannot be read (${code}): name one that this app may read`,
      ),
    );
  });

  it.each([
    '',
    '{"keys": [',
    'null',
    '[]',
    '{}',
    '{"keys": []}',
    '{"keys": {}}',
    '{"keys": ["k"]}',
    '{"keys": [{}]}',
    '{"kty": "EC", "crv": "P-256", "x": "s3cret", "y": "s3cret"}',
  ])('stops a start where its file holds %j', (text) => {
    const path = join(folder, 'wrong.json');
    writeFileSync(path, text);
    const start = () => read(pathToFileURL(path).href);
    expect(start).toThrow(ConfigError);
    expect(start).toThrow(
      new Error(
        'ORDERLOG_JWKS_URL names a file that holds no JWK set with a key: write the public keys of the issuer into it',
      ),
    );
  });
});
