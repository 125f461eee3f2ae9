import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { ConfigError, readConfig } from '#platform/config.js';
import { elasticsearchOf, elasticsearchSettings } from '#platform/search-settings.js';
import { createElasticsearchClient } from '#read-models/search/elasticsearch/client.js';
import { describeWith, elasticsearchUrl } from '../../support/engines.js';
import { selfSignedCertificate } from '../../support/self-signed-certificate.js';

jest.setTimeout(30_000);

describeWith('elasticsearch', 'an Elasticsearch behind TLS that asks who is there', () => {
  let folder: string;
  let server: Server;
  let port: number;
  const authorizations: (string | undefined)[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-ca-'));
    const certificate = selfSignedCertificate();
    await writeFile(join(folder, 'ca.pem'), certificate.cert);
    server = createServer(certificate, (asked, answer) => {
      authorizations.push(asked.headers.authorization);
      const { method, url, headers } = asked;
      const passedOn = request(elasticsearchUrl() + url!, { method, headers }, (given) => {
        answer.writeHead(given.statusCode!, given.headers);
        given.pipe(answer);
      });
      asked.pipe(passedOn);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const health = async (url: string, apiKey: string | null, caFile: string | null) => {
    const client = createElasticsearchClient({ url, apiKey, caFile });
    try {
      return (await client.cluster.health()).status;
    } finally {
      await client.close();
    }
  };
  const ca = () => join(folder, 'ca.pem');

  it('is reached with its authority and a user, whatever is in the password', async () => {
    const password = 'p@ss/w:rd';
    const url = `https://shop:${encodeURIComponent(password)}@localhost:${port}`;
    expect(['green', 'yellow']).toContain(await health(url, null, ca()));
    const basic = Buffer.from(`shop:${password}`).toString('base64');
    expect(authorizations.at(-1)).toBe(`Basic ${basic}`);
  });

  it('is reached with an API key', async () => {
    await health(`https://localhost:${port}`, 'a2V5', ca());
    expect(authorizations.at(-1)).toBe('ApiKey a2V5');
  });

  it('is not reached with an API key and a user: which of them asks is not left to chance', async () => {
    const before = authorizations.length;
    const both = {
      ORDERLOG_ELASTICSEARCH_URL: `https://shop:secret@localhost:${port}`,
      ORDERLOG_ELASTICSEARCH_API_KEY: 'a2V5',
    };
    const values = readConfig(elasticsearchSettings, both);
    expect(() => elasticsearchOf(values)).toThrow(ConfigError);
    expect(authorizations).toHaveLength(before);
  });

  it('is not spoken to when its authority is unknown, and the error holds no password', async () => {
    const before = authorizations.length;
    const failed = await health(`https://shop:secret@localhost:${port}`, null, null).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(Error);
    expect(JSON.stringify([failed, (failed as Error).message, (failed as Error).stack])).not.toContain(
      'secret',
    );
    expect(authorizations).toHaveLength(before);
  });
});
