import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#platform/embedded-postgres.js';
import { createPool, isUnavailable } from '#platform/postgres.js';
import { selfSignedCertificate } from '../../support/self-signed-certificate.js';
import { until } from '../../support/until.js';

jest.setTimeout(60_000);

const options = { max: 1, applicationName: 'tls-test', statementTimeoutMs: 0 };

describe('a pool that is told to check who the server is', () => {
  let folder: string;
  let server: EmbeddedPostgres;
  let admin: pg.Pool;
  const ca = () => join(folder, 'ca.pem');
  const otherCa = () => join(folder, 'other-ca.pem');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-postgres-tls-'));
    const certificate = selfSignedCertificate();
    await writeFile(ca(), certificate.cert);
    await writeFile(otherCa(), selfSignedCertificate().cert);
    server = await startEmbeddedPostgres({ dataDir: folder, settings: { fsync: 'off' } });
    admin = createPool(server.url, options);
    await presents(certificate);
    await speaksTls('on');
  });
  afterAll(async () => {
    await admin?.end();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function presents({ cert, key }: { cert: string; key: string }): Promise<void> {
    const cluster = join(folder, 'pg');
    // PostgreSQL reads no key that is not its own; the cluster is.
    const { uid, gid } = await stat(cluster);
    for (const [name, pem] of Object.entries({ 'server.crt': cert, 'server.key': key })) {
      await writeFile(join(cluster, name), pem, { mode: 0o600 });
      await chown(join(cluster, name), uid, gid);
    }
  }

  async function speaksTls(whether: 'on' | 'off'): Promise<void> {
    await admin.query(`ALTER SYSTEM SET ssl = ${whether}`);
    await admin.query('SELECT pg_reload_conf()');
    await until(`ssl is ${whether}`, async () => {
      const { rows } = await admin.query<{ ssl: string }>('SHOW ssl');
      return rows[0]!.ssl === whether;
    });
  }

  function urlTo({ host = 'localhost', caFile = ca(), password = '' } = {}): string {
    const url = new URL(server.url);
    url.hostname = host;
    if (password !== '') url.password = encodeURIComponent(password);
    url.search = new URLSearchParams({ sslmode: 'verify-full', sslrootcert: caFile }).toString();
    return url.href;
  }

  async function isEncrypted(url: string): Promise<boolean> {
    const pool = createPool(url, options);
    try {
      const { rows } = await pool.query<{ ssl: boolean }>(
        'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      );
      return rows[0]!.ssl;
    } finally {
      await pool.end();
    }
  }

  async function refusal(url: string): Promise<Error> {
    const error = await isEncrypted(url).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error === null) throw new Error('it was not refused');
    const printed = inspect(error, { depth: 12, showHidden: true });
    const { password } = new URL(url);
    for (const secret of [password, decodeURIComponent(password)]) expect(printed).not.toContain(secret);
    // To wait for it to pass would be in vain.
    expect(isUnavailable(error)).toBe(false);
    return error as Error;
  }

  it('speaks TLS with a server whose certificate is of its authority and host', async () => {
    expect(await isEncrypted(urlTo())).toBe(true);
    // What the server is asked can tell the two apart.
    expect(await isEncrypted(server.url)).toBe(false);
  });

  it('refuses a server whose certificate is of another authority', async () => {
    expect(await refusal(urlTo({ caFile: otherCa() }))).toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
      message: 'self-signed certificate',
    });
  });

  it('refuses a server whose certificate is of another host', async () => {
    expect(await refusal(urlTo({ host: '127.0.0.1' }))).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      message: expect.stringContaining("127.0.0.1 is not in the cert's list") as unknown,
    });
  });

  it('reports a wrong password with the name of its user', async () => {
    expect(await refusal(urlTo({ password: 'wr0ng:p@ss' }))).toMatchObject({
      code: '28P01',
      message: 'password authentication failed for user "orderlog"',
    });
  });

  it('says nothing to a server without TLS', async () => {
    await speaksTls('off');
    try {
      expect((await refusal(urlTo())).message).toBe('The server does not support SSL connections');
    } finally {
      await speaksTls('on');
    }
  });
});
