import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { openEmbeddedIssuer, type EmbeddedIssuer } from './embedded-issuer.js';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.js';

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

const ALL_BUT_DATE = [
  ...([
    'nextTick',
    'setImmediate',
    'clearImmediate',
    'queueMicrotask',
    'setTimeout',
    'clearTimeout',
  ] as const),
  ...(['setInterval', 'clearInterval', 'hrtime', 'performance'] as const),
];
const claims = { tenant: 'acme', sub: 'me', scope: 'orders:read' };
let dataDir: string;
let issuer: EmbeddedIssuer;
let verifier: TokenVerifier;
let stranger: PrivateKey;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'orderlog-auth-'));
  issuer = await openEmbeddedIssuer(dataDir);
  verifier = createTokenVerifier(issuer);
  stranger = (await generateKeyPair('ES256')).privateKey;
});

afterAll(() => rm(dataDir, { recursive: true }));

const request = { tenant: 'acme', scopes: ['orders:read', 'orders:write'], lifetimeSeconds: 60 } as const;

function sign(
  payload: Record<string, unknown>,
  key: PrivateKey | Uint8Array,
  header: { alg: string; kid?: string },
) {
  return new SignJWT({
    iss: issuer.issuer,
    aud: issuer.audience,
    exp: Math.floor(Date.now() / 1_000) + 60,
    ...payload,
  })
    .setProtectedHeader(header)
    .sign(key);
}

const codeOf = (token: string, by = verifier) =>
  by.verify(token).then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  );

describe('the embedded issuer', () => {
  it('keeps its key for the next start, readable by its owner alone', async () => {
    const token = await issuer.issueToken(request);
    const again = await openEmbeddedIssuer(dataDir);
    expect(await codeOf(token, createTokenVerifier(again))).toBe('accepted');
    expect((await stat(join(dataDir, 'token-key.json'))).mode & 0o777).toBe(0o600);
    expect(await readFile(fileURLToPath(again.jwksUrl), 'utf8')).not.toContain('"d"');
  });

  it('has one key also where two processes start it at once', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'orderlog-auth-'));
    const [a, b] = await Promise.all([openEmbeddedIssuer(dir), openEmbeddedIssuer(dir)]);
    expect(await codeOf(await a.issueToken(request), createTokenVerifier(b))).toBe('accepted');
    await rm(dir, { recursive: true });
  });
});

describe('a good token', () => {
  it('names tenant, subject, client, customer and scopes', async () => {
    const token = await issuer.issueToken({ ...request, customer: 'c-7' });
    expect(await verifier.verify(token)).toEqual({
      tenantId: 'acme',
      subject: 'c-7',
      clientId: 'orderctl',
      customerId: 'c-7',
      scopes: new Set(['orders:read', 'orders:write']),
    });
  });

  it('is known afterwards, without any cryptography', async () => {
    const token = await issuer.issueToken(request);
    expect(verifier.known(token)).toBeUndefined();
    const principal = await verifier.verify(token);
    expect(verifier.known(token)).toBe(principal);
  });

  it('is one that is valid from now on by a clock that is a little ahead of ours', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const path = join(dataDir, 'ahead.json');
    await writeFile(path, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] }));
    const ahead = Math.floor(Date.now() / 1_000) + 4;
    const token = await sign({ ...claims, nbf: ahead, iat: ahead }, privateKey, { alg: 'ES256' });
    expect(await codeOf(token, createTokenVerifier({ ...issuer, jwksUrl: `file://${path}` }))).toBe(
      'accepted',
    );
  });
});

describe('a bad token', () => {
  it('is refused when it has expired, also one that was known', async () => {
    expect(await codeOf(await issuer.issueToken({ ...request, lifetimeSeconds: -1 }))).toBe('token_expired');
    const token = await issuer.issueToken({ ...request, lifetimeSeconds: 60 });
    await verifier.verify(token);
    const realNow = Date.now;
    Date.now = () => realNow() + 61_000;
    expect(verifier.known(token)).toBeUndefined();
    Date.now = realNow;
  });

  it('is refused when someone else made it', async () => {
    const { keys } = JSON.parse(await readFile(join(dataDir, 'jwks.json'), 'utf8')) as {
      keys: { kid: string }[];
    };
    const { kid } = keys[0]!;
    const shared = new TextEncoder().encode(JSON.stringify(keys[0]));
    const [head, , signature] = (await issuer.issueToken(request)).split('.');
    const changed = Buffer.from(JSON.stringify({ ...claims, tenant: 'other' })).toString('base64url');
    for (const forged of [
      await sign(claims, stranger, { alg: 'ES256', kid }),
      await sign(claims, stranger, { alg: 'ES256', kid: 'unknown' }),
      await sign(claims, shared, { alg: 'HS256', kid }),
      new UnsecuredJWT(claims).encode(),
      `${head}.${changed}.${signature}`,
      'no.token.atall',
      'x'.repeat(10_000),
    ]) {
      expect(await codeOf(forged)).toBe('unauthenticated');
    }
  });

  it.each<[string, Record<string, unknown>]>([
    ['another issuer', { ...claims, iss: 'urn:other' }],
    ['another audience', { ...claims, aud: 'other' }],
    ['not valid yet', { ...claims, nbf: Math.floor(Date.now() / 1_000) + 100 }],
    ['no tenant', { ...claims, tenant: undefined }],
    ['a tenant with other characters', { ...claims, tenant: 'Acme-1' }],
    ['no subject', { ...claims, sub: undefined }],
    ['a client that is no text', { ...claims, client_id: 7 }],
    ['an empty customer', { ...claims, customer: '' }],
    ['a customer that is null', { ...claims, customer: null }],
  ])('is refused: %s', async (_name, payload) => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const path = join(dataDir, 'other.json');
    await writeFile(path, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] }));
    const other = createTokenVerifier({ ...issuer, jwksUrl: `file://${path}` });
    expect(await codeOf(await sign(claims, privateKey, { alg: 'ES256' }), other)).toBe('accepted');
    expect(await codeOf(await sign(payload, privateKey, { alg: 'ES256' }), other)).toBe('unauthenticated');
  });
});

describe('the keys', () => {
  it('are read again when a token names a new one', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'orderlog-auth-'));
    const before = await openEmbeddedIssuer(dir);
    const reader = createTokenVerifier(before);
    expect(await codeOf(await before.issueToken(request), reader)).toBe('accepted');
    await rm(join(dir, 'token-key.json'));
    const after = await openEmbeddedIssuer(dir);
    await utimes(join(dir, 'jwks.json'), new Date(), new Date(Date.now() + 5_000));
    expect(await codeOf(await after.issueToken(request), reader)).toBe('accepted');
    await rm(dir, { recursive: true });
  });

  it('are read again from a changed file within seconds, though a new one is named like the old, and go on without it', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'orderlog-auth-'));
    const file = join(dir, 'keys.json');
    const [first, second] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')];
    const publish = async (key: typeof first.publicKey, atMs: number) => {
      await writeFile(file, JSON.stringify({ keys: [await exportJWK(key)] }));
      await utimes(file, new Date(atMs), new Date(atMs));
    };
    const nowMs = Date.now();
    await publish(first.publicKey, nowMs - 60_000);
    const reader = createTokenVerifier({ ...issuer, jwksUrl: pathToFileURL(file).href });
    let count = 0;
    const code = (key: PrivateKey) =>
      sign({ ...claims, jti: String(count++), exp: Math.floor(nowMs / 1_000) + 600 }, key, {
        alg: 'ES256',
      }).then((token) => codeOf(token, reader));
    expect(await code(first.privateKey)).toBe('accepted');
    await publish(second.publicKey, nowMs);
    jest.useFakeTimers({ now: nowMs + 15_000, doNotFake: ALL_BUT_DATE });
    try {
      expect(await code(second.privateKey)).toBe('accepted');
      expect(await code(first.privateKey)).toBe('unauthenticated');
      await rm(dir, { recursive: true });
      jest.setSystemTime(nowMs + 30_000);
      expect(await code(second.privateKey)).toBe('accepted');
    } finally {
      jest.useRealTimers();
    }
  });

  it('come over HTTP, and their absence is not the fault of the token', async () => {
    let jwks: string | null = null;
    const server = createServer((_request, response) => {
      response.writeHead(jwks === null ? 503 : 200).end(jwks);
    }).listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const { port } = server.address() as AddressInfo;
    const remote = createTokenVerifier({ ...issuer, jwksUrl: `http://127.0.0.1:${port}/keys` });
    const token = await issuer.issueToken(request);
    expect(await codeOf(token, remote)).toBe('token_keys_unavailable');
    jwks = await readFile(join(dataDir, 'jwks.json'), 'utf8');
    expect(await codeOf(token, remote)).toBe('accepted');
    server.close();
    server.closeAllConnections();
    const gone = createTokenVerifier({ ...issuer, jwksUrl: `file://${join(dataDir, 'gone.json')}` });
    expect(await codeOf(token, gone)).toBe('token_keys_unavailable');
  });

  describe('of an issuer that is away', () => {
    const MINUTE_MS = 60_000;
    let jwks: string | null;
    let server: ReturnType<typeof createServer>;
    let remote: TokenVerifier;
    let asked = 0;

    beforeEach(async () => {
      jwks = await readFile(join(dataDir, 'jwks.json'), 'utf8');
      server = createServer((_request, response) => {
        asked += 1;
        response.writeHead(jwks === null ? 503 : 200).end(jwks);
      }).listen(0, '127.0.0.1');
      await new Promise((done) => server.once('listening', done));
      const { port } = server.address() as AddressInfo;
      remote = createTokenVerifier({ ...issuer, jwksUrl: `http://127.0.0.1:${port}/keys` });
      expect(await codeOf(await issuer.issueToken(request), remote)).toBe('accepted');
      jest.useFakeTimers({ now: Date.now(), doNotFake: ALL_BUT_DATE });
      jwks = null;
    });
    afterEach(() => {
      jest.useRealTimers();
      server.close();
      server.closeAllConnections();
    });

    const after = (minutes: number) => jest.setSystemTime(Date.now() + minutes * MINUTE_MS);
    const newToken = () => issuer.issueToken(request);

    it('go on for a day, and are asked for again at times', async () => {
      after(11);
      asked = 0;
      for (let n = 0; n < 3; n++) expect(await codeOf(await newToken(), remote)).toBe('accepted');
      expect(asked).toBe(1);
      after(1);
      expect(await codeOf(await newToken(), remote)).toBe('accepted');
      expect(asked).toBe(2);
      after(24 * 60 - 13);
      expect(await codeOf(await newToken(), remote)).toBe('accepted');
      after(2);
      expect(await codeOf(await newToken(), remote)).toBe('token_keys_unavailable');
      jwks = await readFile(join(dataDir, 'jwks.json'), 'utf8');
      expect(await codeOf(await newToken(), remote)).toBe('accepted');
    });

    it('do not tell whether an unknown key is a new one', async () => {
      after(11);
      const unknown = await sign(claims, stranger, { alg: 'ES256', kid: 'new' });
      expect(await codeOf(unknown, remote)).toBe('token_keys_unavailable');
      expect(await codeOf(await newToken(), remote)).toBe('accepted');
      jwks = await readFile(join(dataDir, 'jwks.json'), 'utf8');
      after(1);
      expect(await codeOf(unknown, remote)).toBe('unauthenticated');
    });

    it('are no longer accepted once it says so', async () => {
      after(11);
      expect(await codeOf(await newToken(), remote)).toBe('accepted');
      const others = await exportJWK((await generateKeyPair('ES256')).publicKey);
      jwks = JSON.stringify({ keys: [{ ...others, kid: 'other', alg: 'ES256' }] });
      after(1);
      expect(await codeOf(await newToken(), remote)).toBe('unauthenticated');
    });
  });
});
