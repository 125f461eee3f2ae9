import { chmod, link, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { replaceFile, writeDraft } from '../draft-file.js';
import type { Scope } from './principal.js';

export const EMBEDDED_ISSUER = 'urn:orderlog:embedded';
export const EMBEDDED_AUDIENCE = 'orderlog';

// Not EdDSA: Node 20 prints a warning for it.
const ALGORITHM = 'ES256';

export interface TokenRequest {
  /** `[a-z0-9_]{1,32}` */
  tenant: string;
  scopes: readonly Scope[];
  /** Makes it a customer's token, for its own orders only. */
  customer?: string;
  /** `orderctl` unless given. */
  clientId?: string;
  lifetimeSeconds: number;
}

export interface EmbeddedIssuer {
  /** file: URL of the public keys, for ORDERLOG_JWKS_URL. */
  jwksUrl: string;
  issuer: string;
  audience: string;
  issueToken(request: TokenRequest): Promise<string>;
}

/**
 * The embedded system's own token issuer: one key pair in the data folder, made at the first call
 * (`token-key.json`, readable by its owner alone, and `jwks.json` with the public half, for the apps of any user).
 */
export async function openEmbeddedIssuer(dataDir: string): Promise<EmbeddedIssuer> {
  await mkdir(dataDir, { recursive: true });
  const { privateJwk, key } = await loadOrCreateKey(join(dataDir, 'token-key.json'));
  const jwksPath = join(dataDir, 'jwks.json');
  await publish(jwksPath, privateJwk);
  return {
    jwksUrl: pathToFileURL(jwksPath).href,
    issuer: EMBEDDED_ISSUER,
    audience: EMBEDDED_AUDIENCE,
    issueToken: ({ tenant, scopes, customer, clientId = 'orderctl', lifetimeSeconds }) => {
      const now = Math.floor(Date.now() / 1_000);
      return new SignJWT({
        tenant,
        scope: scopes.join(' '),
        client_id: clientId,
        ...(customer === undefined ? {} : { customer }),
      })
        .setProtectedHeader({ alg: ALGORITHM, kid: privateJwk.kid! })
        .setIssuer(EMBEDDED_ISSUER)
        .setAudience(EMBEDDED_AUDIENCE)
        .setSubject(customer ?? clientId)
        .setIssuedAt(now)
        .setExpirationTime(now + lifetimeSeconds)
        .sign(key);
    },
  };
}

interface SigningKey {
  readonly privateJwk: JWK;
  readonly key: Awaited<ReturnType<typeof importJWK>>;
}

async function loadOrCreateKey(path: string): Promise<SigningKey> {
  const existing = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (existing !== null) return signingKey(existing, path);
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  const content = { ...jwk, alg: ALGORITHM, kid: await calculateJwkThumbprint(jwk) };
  const draft = await writeDraft(path, JSON.stringify(content), 0o600);
  try {
    await link(draft, path);
  } catch (error) {
    // Another process made a key in the same moment: both use the one that is there.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft, { force: true });
  }
  return signingKey(await readFile(path, 'utf8'), path);
}

/** @throws when the content of the file is no private key */
async function signingKey(content: string, path: string): Promise<SigningKey> {
  try {
    const privateJwk = JSON.parse(content) as JWK;
    if (typeof privateJwk.d !== 'string') throw new Error('it has no private part');
    return { privateJwk, key: await importJWK(privateJwk, ALGORITHM) };
  } catch (error) {
    throw new Error(
      `${path} is damaged: put back a copy of it, or remove it. Without it a new key is made, and tokens of the old one are refused`,
      { cause: error },
    );
  }
}

/** Leaves alone what is published already: whoever makes a token may be another user than the apps that read it. */
async function publish(path: string, { kty, crv, x, y, kid, alg }: JWK): Promise<void> {
  const content = JSON.stringify({ keys: [{ kty, crv, x, y, kid, alg, use: 'sig' }] });
  const published = await readFile(path, 'utf8').catch(() => null);
  if (published !== content) await replaceFile(path, content, 0o600);
  await chmod(path, 0o644).catch(() => {}); // it is another user's, who can read it at least
}
