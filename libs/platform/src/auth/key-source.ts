import { readFile, stat } from 'node:fs/promises';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwksCache,
  type ExportedJWKSCache,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import { ProblemError } from '../problems/problems.js';

/** Finds the public key that a token's header asks for. */
export type KeySource = JWTVerifyGetKey;

const FETCH_TIMEOUT_MS = 5_000;
/** While the issuer is away, it is asked this often, and the keys that it published last go on for so long. */
const ASK_EVERY_MS = 30_000;
const KEPT_MS = 24 * 60 * 60_000;
/** How often a file is looked at: another key may have the same name, or none, and a key may be gone. */
const LOOK_EVERY_MS = 10_000;

/**
 * The issuer's published keys. When a token names an unknown key, the keys are loaded again, so a new key works
 * without a restart (over HTTP at most every 30 s). They are also loaded again every ten minutes over HTTP, and within
 * seconds when a file has changed. While the issuer is away, those that it published last are used for up to a day; while
 * the file cannot be read, those that it had last are used.
 */
export function openKeySource(jwksUrl: string): KeySource {
  const url = new URL(jwksUrl);
  const find = url.protocol === 'file:' ? fromFile(url) : fromIssuer(url);
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

function fromIssuer(url: URL): KeySource {
  const published: Partial<ExportedJWKSCache> = {};
  const find = createRemoteJWKSet(url, {
    timeoutDuration: FETCH_TIMEOUT_MS,
    [jwksCache]: published as ExportedJWKSCache,
  });
  let away: { readonly error: unknown; readonly sinceMs: number; readonly findKept: KeySource } | null = null;
  return async (header, token) => {
    const { jwks, uat: publishedAtMs = 0 } = published;
    const kept = Date.now() - publishedAtMs < KEPT_MS ? jwks : undefined;
    if (kept === undefined || away === null || Date.now() - away.sinceMs >= ASK_EVERY_MS) {
      try {
        const key = await find(header, token);
        away = null;
        return key;
      } catch (error) {
        if (kept === undefined || isAboutTheToken(error)) throw error;
        away = { error, sinceMs: Date.now(), findKept: createLocalJWKSet(kept) };
      }
    }
    const { error, findKept } = away;
    // A key that is not among them may be a new one, which only the issuer can tell.
    return Promise.resolve(findKept(header, token)).catch((why: unknown) => {
      throw why instanceof errors.JWKSNoMatchingKey ? error : why;
    });
  };
}

function fromFile(url: URL): KeySource {
  let loaded: { find: ReturnType<typeof createLocalJWKSet>; modifiedMs: number } | undefined;
  let lookedMs = -Infinity;
  const load = async () => {
    lookedMs = Date.now();
    const { mtimeMs } = await stat(url);
    if (loaded?.modifiedMs !== mtimeMs) {
      const keys = JSON.parse(await readFile(url, 'utf8')) as JSONWebKeySet;
      loaded = { find: createLocalJWKSet(keys), modifiedMs: mtimeMs };
    }
    return loaded.find;
  };
  return async (header, token) => {
    if (loaded === undefined) await load();
    else if (Date.now() - lookedMs >= LOOK_EVERY_MS) await load().catch(() => {}); // the keys it had last go on
    const { find } = loaded!;
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return (await load())(header, token);
    }
  };
}
