import { once } from 'node:events';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { freePort } from '#platform/free-port.js';
import { problems, type ProblemCode } from '#platform/problems/problems.js';
import { BODY_LIMIT_BYTES } from '../../apps/command-api/src/http-api.js';
import { caughtUpAnswer } from '../support/caught-up-answer.js';
import {
  describeWithTools,
  GATEWAY_TOOLS,
  startGateway,
  type GatewayAnswer,
  type TestGateway,
} from '../support/gateway.js';
import { until } from '../support/until.js';
import { startWholeSystem, type WholeSystem } from '../support/whole-system.js';

const LIMIT_MS = 120_000;
jest.setTimeout(LIMIT_MS);

let system: WholeSystem;
let gateway: TestGateway;
const started: { close(): Promise<void> }[] = [];

const order = {
  currency: 'GBP',
  reference: 'A-1',
  lines: [{ sku: 'MUG', name: 'Mug', quantity: 2, unitPriceMinor: 450 }],
};

const headers = (more: Readonly<Record<string, string>> = {}) => ({
  authorization: `Bearer ${system.token}`,
  'content-type': 'application/json',
  ...more,
});

const json = ({ text }: GatewayAnswer) => JSON.parse(text) as Record<string, unknown>;

/** A body that begins, and does not end before the signal aborts. */
async function* slowBody(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield Buffer.from(' ');
  await once(signal, 'abort');
}

/** A problem as the apps would have worded it. */
function expectProblem(answer: GatewayAnswer, code: ProblemCode): void {
  const { title, help } = problems[code];
  expect(json(answer)).toEqual({
    type: `urn:orderlog:problem:${code}`,
    title,
    status: problems[code].status,
    detail: help,
    code,
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(answer.status).toBe(problems[code].status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
}

describeWithTools(GATEWAY_TOOLS, 'the gateway', () => {
  beforeAll(async () => {
    system = await startWholeSystem('https://orders.example');
    started.unshift(system);
    gateway = await startGateway({
      GATEWAY_COMMAND_API: system.commandApi,
      GATEWAY_QUERY_API: system.queryApi,
    });
    started.unshift(gateway);
  }, LIMIT_MS);
  afterAll(async () => {
    for (const part of started) await part.close();
  }, LIMIT_MS);

  it('takes an order and gives it back at one address, within one trace', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const placed = await gateway.ask('/v1/orders', {
      method: 'POST',
      headers: headers({ 'idempotency-key': 'one', traceparent: `00-${traceId}-00f067aa0ba902b7-01` }),
      body: JSON.stringify(order),
    });
    expect([placed.status, placed.text]).toEqual([201, expect.any(String)]);
    expect(placed.headers.get('x-request-id')).toBe(traceId);
    const location = placed.headers.get('location')!;
    expect(location).toMatch(/^https:\/\/orders\.example\/v1\/orders\//);
    const consistent = headers({ 'consistent-with': placed.headers.get('order-position')! });
    const path = location.slice('https://orders.example'.length);
    const read = await caughtUpAnswer(() => gateway.ask(path, { headers: consistent }));
    expect([read.status, json(read)]).toEqual([200, expect.objectContaining({ reference: 'A-1' })]);
    const history = await gateway.ask(`${path}/history`, { headers: consistent });
    expect(history.text).toContain(traceId);
    const found = await gateway.ask('/v1/orders/search', {
      method: 'POST',
      headers: consistent,
      body: JSON.stringify({ text: 'mug' }),
    });
    expect([found.status, found.text]).toEqual([200, expect.stringContaining('A-1')]);
    const tagged = await gateway.ask(`${path}/tags`, {
      method: 'PUT',
      headers: headers({ 'idempotency-key': 'two' }),
      body: JSON.stringify({ tags: ['gift'] }),
    });
    expect([tagged.status, tagged.text]).toEqual([200, expect.any(String)]);
    const exported = await gateway.ask('/v1/exports/orders', { headers: headers() });
    expect([exported.status, exported.text]).toEqual([200, expect.stringContaining('A-1')]);
  });

  it("passes the apps' own problems as they are", async () => {
    const refused = await gateway.ask('/v1/orders', { method: 'POST', body: '{}' });
    expect([refused.status, json(refused)['code']]).toEqual([401, 'unauthenticated']);
    expect(json(refused)['traceId']).toBe(refused.headers.get('x-request-id'));
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer/);
    const wrong = await gateway.ask('/v1/orders', { method: 'PUT', headers: headers(), body: '{}' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('shows the pages, the document and the health of each API', async () => {
    const index = await gateway.ask('/docs');
    expect(index.headers.get('content-type')).toContain('text/html');
    const links = [...index.text.matchAll(/href="([^"]+)"/g)].map(([, link]) => link!);
    expect(links).toHaveLength(4);
    for (const link of links) expect([link, (await gateway.ask(link)).status]).toEqual([link, 200]);
    const document = async (api: string) => json(await gateway.ask(`/${api}/docs-json`))['paths'];
    expect(await document('command-api')).toHaveProperty(['/v1/orders', 'post']);
    expect(await document('query-api')).toHaveProperty(['/v1/orders', 'get']);
    for (const api of ['command-api', 'query-api']) {
      const page = await gateway.ask(`/${api}/docs`);
      const asset = /(?:href|src)="\.?\/?([^"]*swagger-ui[^"]*\.(?:css|js))"/.exec(page.text)?.[1];
      expect((await gateway.ask(`/${api}/${asset}`)).status).toBe(200);
      expect(json(await gateway.ask(`/${api}/health/ready`))['status']).toBe('ready');
    }
    expect((await gateway.ask('/health/live')).text).toBe('{"status":"live"}');
    // Nothing else of an API is reached by its own name.
    expectProblem(await gateway.ask('/command-api/v1/orders'), 'not_found');
    expectProblem(await gateway.ask('/'), 'not_found');
  });

  it('refuses a body over the limit of the API, and takes one of exactly that size', async () => {
    const send = (path: string, bytes: number) =>
      gateway.ask(path, { method: 'POST', headers: headers(), body: ' '.repeat(bytes) });
    expectProblem(await send('/v1/orders', BODY_LIMIT_BYTES + 1), 'payload_too_large');
    expectProblem(await send('/v1/orders/search', 64 * 1024 + 1), 'payload_too_large');
    expect((await send('/v1/orders', BODY_LIMIT_BYTES)).status).toBe(400);
    expect((await send('/v1/orders/search', 64 * 1024)).status).toBe(400);
  });

  it('takes so many large bodies of one address at once, and small ones meanwhile', async () => {
    const send = (bytes: number) =>
      gateway.ask('/v1/orders', { method: 'POST', headers: headers(), body: ' '.repeat(bytes) });
    const stop = new AbortController();
    const slow = Array.from({ length: 48 }, () =>
      gateway
        .ask('/v1/orders', {
          method: 'POST',
          headers: headers(),
          body: slowBody(stop.signal),
          duplex: 'half',
          signal: stop.signal,
        })
        .catch(() => null),
    );
    try {
      const refused = await until('no more are taken', async () => {
        const answer = await send(10_000);
        return answer.status === 429 && answer;
      });
      expectProblem(refused, 'too_many_requests');
      expect((await send(9_999)).status).toBe(400);
    } finally {
      stop.abort();
      await Promise.all(slow);
    }
    await until('they are taken again', async () => (await send(10_000)).status === 400);
  });

  it('refuses methods, headers and addresses that no API has', async () => {
    const refused = await gateway.ask('/v1/orders', { method: 'DELETE', headers: headers() });
    expectProblem(refused, 'method_not_allowed');
    expect(refused.headers.get('allow')).toBe('GET, HEAD, POST, PUT');
    const large = headers({ 'x-large': 'x'.repeat(40_000) });
    expectProblem(await gateway.ask('/v1/orders', { headers: large }), 'headers_too_large');
    expectProblem(await gateway.ask(`/v1/orders?q=${'x'.repeat(40_000)}`), 'uri_too_long');
  });

  it('sends HTTP on to HTTPS, with the method and the path', async () => {
    const answer = await fetch(`${gateway.httpUrl}/v1/orders?limit=1`, {
      method: 'POST',
      redirect: 'manual',
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([
      308,
      `${gateway.url}/v1/orders?limit=1`,
    ]);
    // Also where it comes to the port of HTTPS.
    const plain = await fetch(gateway.url.replace('https:', 'http:'), { redirect: 'manual' });
    expect([plain.status, plain.headers.get('location')]).toEqual([308, `${gateway.url}/`]);
  });

  it('answers 429 to one address that asks too often, but not to its health checks', async () => {
    const strict = await startGateway({
      GATEWAY_COMMAND_API: system.commandApi,
      GATEWAY_QUERY_API: system.queryApi,
      GATEWAY_REQUESTS_PER_SECOND: '1',
      GATEWAY_REQUESTS_BURST: '2',
    });
    try {
      const many = await Promise.all(
        Array.from({ length: 20 }, () => strict.ask('/v1/orders', { headers: headers() })),
      );
      const refused = many.filter(({ status }) => status === 429);
      expect(many.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
      expect(refused.length).toBeGreaterThan(0);
      expectProblem(refused[0]!, 'too_many_requests');
      expect(refused[0]!.headers.get('retry-after')).toBe('1');
      const healthy = await Promise.all(Array.from({ length: 20 }, () => strict.ask('/health/live')));
      expect(healthy.every(({ status }) => status === 200)).toBe(true);
    } finally {
      await strict.close();
    }
  });

  it('answers 503 for an API that is away, while the other goes on', async () => {
    const half = await startGateway({
      GATEWAY_COMMAND_API: `127.0.0.1:${await freePort()}`,
      GATEWAY_QUERY_API: system.queryApi,
    });
    try {
      const away = await half.ask('/v1/orders', { method: 'POST', headers: headers(), body: '{}' });
      expectProblem(away, 'service_unavailable');
      expect(away.headers.get('retry-after')).toBe('1');
      expect((await half.ask('/v1/orders', { headers: headers() })).status).toBe(200);
    } finally {
      await half.close();
    }
  });
});
