import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { errors, type Client } from '@elastic/elasticsearch';
import { pino } from 'pino';
import { createElasticsearchClient } from './client.js';
import { IndexWriter, type ChangedOrder } from './index-writer.js';

const NAME = 'Adelheid Mustermann';
const PASSWORD = 'not-for-logs';
const LOGIN = Buffer.from(`elastic:${PASSWORD}`).toString('base64');
/** The first bytes of a request, as a printed Buffer shows them: decimal or hexadecimal. */
const BYTES = /123\W+34\W+105\W+110|7b 22 69 6e/;
const ERROR_MAX_LENGTH = 10_000;

/** About 4 MB: one request. */
const orders = Array.from({ length: 4_000 }, (_, index): ChangedOrder => {
  const document = { personal: { names: [NAME] }, words: 'x'.repeat(900) };
  return {
    ...{ tenantId: 'default', orderId: `order-${index}`, revision: 0, writeSeq: BigInt(index) },
    document: Buffer.from(JSON.stringify(document)),
  };
});

describe('an error of the Elasticsearch client', () => {
  let server: Server;
  let port: number;
  let answer: RequestListener;
  beforeEach(async () => {
    server = createServer((request, response) => {
      request.resume().on('end', () => answer(request, response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const answers = (status: number, body: unknown, product = 'Elasticsearch') => {
    const headers = { 'content-type': 'application/json', 'x-elastic-product': product };
    answer = (_, response) => response.writeHead(status, headers).end(JSON.stringify(body));
  };
  async function failureOf(work: (client: Client) => Promise<unknown>): Promise<unknown> {
    const url = `http://elastic:${PASSWORD}@127.0.0.1:${port}`;
    const client = createElasticsearchClient({ url, apiKey: null, caFile: null });
    try {
      await work(client);
      return null;
    } catch (error) {
      return error;
    } finally {
      await client.close();
    }
  }
  const writing = () =>
    failureOf((client) => new IndexWriter(client, 'orders').write(orders, { position: 1n, stretch: null }));

  /** Checks all that a log or a person may see of the error. */
  function expectDiscreet(error: unknown): void {
    let logged = '';
    pino({}, { write: (line) => (logged += line) }).error({ err: error });
    const inspected = inspect(error, { depth: Infinity, showHidden: true, maxArrayLength: null });
    for (const seen of [logged, JSON.stringify(error), inspected]) {
      expect(seen.length).toBeLessThan(ERROR_MAX_LENGTH);
      expect(seen).not.toContain(NAME);
      expect(seen).not.toMatch(BYTES);
      expect(seen).not.toContain(PASSWORD);
      expect(seen).not.toContain(LOGIN);
    }
  }

  it('holds nothing of the request where nobody answers', async () => {
    await new Promise((resolve) => server.close(resolve));
    const error = await writing();
    expect(error).toBeInstanceOf(errors.ConnectionError);
    expectDiscreet(error);
  });

  it.each([429, 400, 500, 503])(
    'holds nothing of the request, but the answer, where that is %i',
    async (status) => {
      const body = { error: { type: 'some_exception', reason: 'some reason' }, status };
      answers(status, body);
      const error = await writing();
      expect(error).toBeInstanceOf(errors.ResponseError);
      expect(error).toMatchObject({ statusCode: status, body, message: 'some_exception' });
      expectDiscreet(error);
    },
  );

  it('holds nothing of the request where the connection breaks or the answer takes too long', async () => {
    answer = (request) => request.socket.destroy();
    expectDiscreet(await writing());
    answer = () => {};
    const error = await failureOf((client) =>
      client.index({ index: 'orders', document: { name: NAME } }, { requestTimeout: 50 }),
    );
    expect(error).toBeInstanceOf(errors.TimeoutError);
    expectDiscreet(error);
  });

  it('holds nothing of the request where something else answers, or nothing that can be read', async () => {
    answers(200, { errors: false }, 'Something else');
    const other = await writing();
    expect(other).toBeInstanceOf(errors.ProductNotSupportedError);
    expectDiscreet(other);
    answer = (_, response) =>
      response
        .writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' })
        .end(`{"hits": [{"filler": "${'x'.repeat(100)}", "name": "${NAME}`);
    const unreadable = await writing();
    expect(unreadable).toBeInstanceOf(errors.DeserializationError);
    expectDiscreet(unreadable);
  });

  it('holds nothing of a request that cannot be written', async () => {
    const error = await failureOf((client) =>
      client.index({ index: 'orders', document: { name: NAME, revision: 1n } }),
    );
    expect(error).toBeInstanceOf(errors.SerializationError);
    expectDiscreet(error);
  });
});

describe('a client of several nodes', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** A node that answers every request alike, and the logins that it was asked with. */
  async function node(status: number): Promise<{ host: string; askedBy: (string | undefined)[] }> {
    const askedBy: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      askedBy.push(request.headers.authorization);
      const headers = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' };
      response.writeHead(status, headers).end('{"status":"green"}');
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, askedBy };
  }

  const clientOf = (...hosts: readonly string[]) =>
    createElasticsearchClient({
      url: hosts.map((host) => `http://elastic:${PASSWORD}@${host}`).join(),
      apiKey: null,
      caFile: null,
    });

  it('asks each of them in turn, by the same login', async () => {
    const [one, other] = [await node(200), await node(200)];
    const client = clientOf(one.host, other.host);
    for (let count = 0; count < 4; count++) await client.cluster.health();
    await client.close();
    expect(one.askedBy).toEqual([`Basic ${LOGIN}`, `Basic ${LOGIN}`]);
    expect(other.askedBy).toEqual(one.askedBy);
  });

  it('asks the next where one is away, or cannot answer', async () => {
    const [unable, well] = [await node(503), await node(200)];
    const client = clientOf('127.0.0.1:1', unable.host, well.host);
    for (let count = 0; count < 4; count++) expect(await client.cluster.health()).toMatchObject({});
    await client.close();
    expect(well.askedBy).toHaveLength(4);
  });

  it('asks each once where none can answer', async () => {
    const [one, other] = [await node(503), await node(503)];
    const client = clientOf(one.host, other.host);
    await expect(client.cluster.health()).rejects.toBeInstanceOf(errors.ResponseError);
    await client.close();
    expect([one.askedBy, other.askedBy].flat()).toHaveLength(2);
  });
});
