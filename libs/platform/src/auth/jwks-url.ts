import { readFileSync } from 'node:fs';
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { ConfigName } from '../config-names.js';
import { ConfigError, unreadable, type Setting } from '../config.js';
import { envUrl } from '../env-settings.js';

/**
 * Where the issuer publishes its keys. A file must hold a key at the start, or no token would ever be accepted. An
 * issuer at an http(s) URL may be away at the start.
 */
export function envJwksUrl(variable: ConfigName): Setting<string> {
  const { read } = envUrl(variable, ['https:', 'http:', 'file:']);
  return {
    variable,
    read: (text) => {
      const jwksUrl = read(text);
      const url = new URL(jwksUrl);
      if (url.protocol === 'file:' && !holdsKeys(textIn(url, variable))) {
        throw new ConfigError(
          `${variable} names a file that holds no JWK set with a key: write the public keys of the issuer into it`,
        );
      }
      return jwksUrl;
    },
  };
}

function textIn(url: URL, variable: ConfigName): string {
  try {
    return readFileSync(url, 'utf8');
  } catch (error) {
    throw unreadable(variable, error);
  }
}

function holdsKeys(text: string): boolean {
  try {
    const keySet = JSON.parse(text) as JSONWebKeySet;
    createLocalJWKSet(keySet); // throws where the verifier would
    return keySet.keys.some(({ kty }) => typeof kty === 'string');
  } catch {
    return false;
  }
}
