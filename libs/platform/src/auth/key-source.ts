import { readFile, stat } from 'node:fs/promises';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import { ProblemError } from '../problems/problems.js';

/** Finds the public key that a token's header asks for. */
export type KeySource = JWTVerifyGetKey;

const FETCH_TIMEOUT_MS = 5_000;

/**
 * The issuer's published keys. When a token names an unknown key, the keys are loaded again, so a new key works
 * without a restart (over HTTP at most every 30 s).
 */
export function openKeySource(jwksUrl: string): KeySource {
  const url = new URL(jwksUrl);
  const find =
    url.protocol === 'file:' ? fromFile(url) : createRemoteJWKSet(url, { timeoutDuration: FETCH_TIMEOUT_MS });
  return async (header, token) => {
    try {
      return await find(header, token);
    } catch (error) {
      if (isAboutTheToken(error)) throw error;
      throw new ProblemError('token_keys_unavailable', { retryAfterSeconds: 2, cause: error });
    }
  };
}

function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

function fromFile(url: URL): KeySource {
  let loaded: { find: ReturnType<typeof createLocalJWKSet>; modifiedMs: number } | undefined;
  const load = async () => {
    const { mtimeMs } = await stat(url);
    if (loaded?.modifiedMs !== mtimeMs) {
      const keys = JSON.parse(await readFile(url, 'utf8')) as JSONWebKeySet;
      loaded = { find: createLocalJWKSet(keys), modifiedMs: mtimeMs };
    }
    return loaded.find;
  };
  return async (header, token) => {
    const find = loaded?.find ?? (await load());
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return (await load())(header, token);
    }
  };
}
