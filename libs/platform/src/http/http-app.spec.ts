import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Module, Param, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CustomerScopes, Scopes } from '../auth/access.js';
import { openEmbeddedIssuer, type EmbeddedIssuer } from '../auth/embedded-issuer.js';
import { createTokenVerifier } from '../auth/token-verifier.js';
import { createLogger } from '../logging.js';
import { ProblemError, problemCodes } from '../problems/problems.js';
import { ApiProblems } from './api-problems.js';
import { CurrencyCode, DateTime, Flag, Integer, MinorUnits, Quantity, Text, Uuid } from './fields.js';
import { createHttpApp, type HttpApp } from './http-app.js';
import { ListOf } from './list-fields.js';
import { describeApi } from './openapi.js';

class LineDto {
  @Text({ max: 100 }) sku!: string;
  @Quantity() quantity!: number;
  @MinorUnits({ min: 0, max: 1_000_000 }) unitPriceMinor!: number;
}

class PlaceDto {
  @CurrencyCode() currency!: string;
  @DateTime({ optional: true }) occurredAt!: string | null;
  @ListOf(LineDto, { min: 1, max: 3 }) lines!: LineDto[];
}

class PageDto {
  @Integer({ min: 1, max: 100, otherwise: 20 }) limit!: number;
  @Flag({ otherwise: false }) dryRun!: boolean;
}

class IdDto {
  @Uuid() orderId!: string;
}

@Controller('v1/orders')
class OrdersController {
  @Post()
  @Scopes('orders:write')
  place(@Body() body: PlaceDto, @Req() { principal }: FastifyRequest) {
    return { tenant: principal?.tenantId, isDto: body.lines[0] instanceof LineDto, body };
  }

  @Get()
  @CustomerScopes('orders:read')
  list(@Query() page: PageDto) {
    return page;
  }

  @Get(':orderId')
  @CustomerScopes('orders:read')
  @ApiProblems('order_not_found')
  one(@Param() { orderId }: IdDto) {
    if (orderId.startsWith('0')) throw new Error('the secret reason');
    if (orderId.startsWith('1')) throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    throw new ProblemError('order_not_found');
  }
}

@Module({ controllers: [OrdersController] })
class AppModule {}

@Controller('v1')
class OpenController {
  @Get('forgotten')
  forgotten() {
    return {};
  }
}

@Module({ controllers: [OpenController] })
class OpenModule {}

const order = { currency: 'EUR', lines: [{ sku: 'MUG', quantity: 1, unitPriceMinor: 1250 }] };
const api = { title: 'test', description: '', version: '1' };

let dataDir: string;
let issuer: EmbeddedIssuer;
let app: HttpApp;
let token: string;
let postgresIsUp = true;

async function start(module: typeof AppModule): Promise<HttpApp> {
  return createHttpApp(module, {
    logger: createLogger('test', 'silent'),
    api,
    verifier: createTokenVerifier(issuer),
    bodyLimitBytes: 1_000,
    readiness: { postgres: () => (postgresIsUp ? Promise.resolve() : Promise.reject(new Error('gone'))) },
  });
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'orderlog-http-'));
  issuer = await openEmbeddedIssuer(dataDir);
  app = await start(AppModule);
  token = await issuer.issueToken({
    tenant: 'acme',
    scopes: ['orders:read', 'orders:write'],
    lifetimeSeconds: 60,
  });
});

afterAll(async () => {
  await app.close();
  await rm(dataDir, { recursive: true });
});

interface Sent {
  method?: 'GET' | 'POST' | 'PUT';
  url?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

async function send({ method = 'POST', url = '/v1/orders', body, headers = {} }: Sent) {
  const answer = await app.fastify.inject({
    method,
    url,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { answer, status: answer.statusCode, json: () => answer.json<Record<string, unknown>>() };
}

/** The code of a problem and the pointers of its errors, after checking that it is a whole problem. */
async function problem(sent: Sent) {
  const { answer, status, json } = await send(sent);
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.headers['x-content-type-options']).toBe('nosniff');
  const document = json();
  expect(document).toMatchObject({
    status,
    type: `urn:orderlog:problem:${String(document['code'])}`,
    title: expect.any(String),
    detail: expect.any(String),
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  const errors = (document['errors'] ?? []) as { pointer: string; code: string }[];
  return [status, document['code'], ...errors.map(({ pointer, code }) => `${pointer} ${code}`)];
}

describe('a request', () => {
  it('reaches its handler with validated objects of its classes', async () => {
    const { status, json } = await send({ body: { ...order, occurredAt: '2026-03-01T12:00:00+01:00' } });
    expect(status).toBe(201);
    expect(json()).toEqual({
      tenant: 'acme',
      isDto: true,
      body: { ...order, occurredAt: '2026-03-01T11:00:00.000Z' },
    });
  });

  it('has its query read into the types of the fields, with their defaults', async () => {
    const read = async (url: string) => (await send({ method: 'GET', url })).json();
    expect(await read('/v1/orders?limit=7&dryRun=true')).toEqual({ limit: 7, dryRun: true });
    expect(await read('/v1/orders')).toEqual({ limit: 20, dryRun: false });
  });

  it('keeps the trace it came with', async () => {
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
    const { json } = await send({ body: [], headers: { traceparent } });
    expect(json()['traceId']).toBe('ab'.repeat(16));
  });
});

describe('bad input', () => {
  const line = order.lines[0];
  it.each<[string, Sent, unknown[]]>([
    ['cut JSON', { body: '{"currency":' }, [400, 'malformed_json']],
    ['a polluted prototype', { body: '{"__proto__":{"x":1}}' }, [400, 'malformed_json']],
    ['a list', { body: [order] }, [400, 'validation_failed', ' not_an_object']],
    ['null', { body: null }, [400, 'validation_failed', ' not_an_object']],
    ['nothing', {}, [400, 'validation_failed', '/currency required', '/lines required']],
    [
      'an unknown field',
      { body: { ...order, status: 'paid' } },
      [400, 'validation_failed', '/status unknown_field'],
    ],
    [
      'a known name of all objects',
      { body: { ...order, toString: 1 } },
      [400, 'validation_failed', '/toString unknown_field'],
    ],
    [
      'wrong fields deep down',
      { body: { ...order, lines: [line, { sku: 'x\0', quantity: '2', unitPriceMinor: 1e21, 'a/b': 1 }] } },
      [
        400,
        'validation_failed',
        '/lines/1/a~1b unknown_field',
        '/lines/1/sku invalid_characters',
        '/lines/1/quantity not_an_integer',
        '/lines/1/unitPriceMinor out_of_range',
      ],
    ],
    [
      'too many lines',
      { body: { ...order, lines: [line, line, line, line] } },
      [400, 'validation_failed', '/lines too_many_items'],
    ],
    [
      'a line that is none',
      { body: { ...order, lines: [7] } },
      [400, 'validation_failed', '/lines/0 not_an_object'],
    ],
    [
      'half a character',
      { body: `{"currency":"EUR","lines":[{"sku":"\\ud800","quantity":1,"unitPriceMinor":1}]}` },
      [400, 'validation_failed', '/lines/0/sku invalid_characters'],
    ],
    [
      'a date that is none',
      { body: { ...order, occurredAt: '2026-02-30T12:00:00Z' } },
      [400, 'validation_failed', '/occurredAt not_a_date_time'],
    ],
    [
      'a query field twice',
      { method: 'GET', url: '/v1/orders?limit=1&limit=2' },
      [400, 'validation_failed', '/limit repeated'],
    ],
    [
      'a made-up query field',
      { method: 'GET', url: '/v1/orders?__proto__=2' },
      [400, 'validation_failed', '/__proto__ unknown_field'],
    ],
    [
      'an id that is none',
      { method: 'GET', url: '/v1/orders/77' },
      [400, 'validation_failed', '/orderId not_a_uuid'],
    ],
    ['a body over the cap', { body: 'x'.repeat(2_000) }, [413, 'payload_too_large']],
    [
      'another type',
      { body: 'x', headers: { 'content-type': 'text/plain' } },
      [415, 'unsupported_media_type'],
    ],
    ['no such path', { method: 'GET', url: '/v2' }, [404, 'not_found']],
    ['no such page of /docs', { method: 'GET', url: '/docs/no-such.js' }, [404, 'not_found']],
    ['no such method', { method: 'PUT', url: '/v1/orders' }, [405, 'method_not_allowed']],
    ['a broken path', { method: 'GET', url: '/v1/orders/%zz' }, [400, 'malformed_request']],
    ['a broken query', { method: 'GET', url: '/v1/orders?limit=5%zz' }, [400, 'malformed_request']],
    ['a query that is not UTF-8', { method: 'GET', url: '/v1/orders?limit=%FF' }, [400, 'malformed_request']],
    [
      'a path parameter without end',
      { method: 'GET', url: `/v1/orders/${'x'.repeat(2_000)}` },
      [414, 'uri_too_long'],
    ],
  ])('is refused: %s', async (_name, sent, expected) => {
    expect(await problem(sent)).toEqual(expected);
  });

  it('is refused when it is not UTF-8', async () => {
    const answer = await app.fastify.inject({
      method: 'POST',
      url: '/v1/orders',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      payload: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    });
    expect(answer.json()).toMatchObject({ code: 'malformed_json', status: 400 });
  });

  it.each(['gzip', 'zstd', 'identity, gzip'])('is refused when it is encoded: %s', async (encoding) => {
    const sent = { body: order, headers: { 'content-encoding': encoding } };
    expect(await problem(sent)).toEqual([415, 'unsupported_media_type']);
    const { answer, json } = await send(sent);
    expect(json()['detail']).toContain('Content-Encoding');
    expect(answer.headers['accept-encoding']).toBe('identity');
  });

  it('is no body that is said to be as it is', async () => {
    for (const encoding of ['identity', 'Identity', ''])
      expect((await send({ body: order, headers: { 'content-encoding': encoding } })).status).toBe(201);
  });

  it('names the methods that an address takes', async () => {
    const { answer } = await send({ method: 'PUT', url: '/v1/orders' });
    expect(answer.headers['allow']).toBe('GET, HEAD, POST');
  });
});

describe('an error', () => {
  const get = (id: string): Sent => ({
    method: 'GET',
    url: `/v1/orders/${id}0000000-0000-4000-8000-000000000000`,
  });

  it('thrown as a problem is answered as it', async () => {
    expect(await problem(get('F'))).toEqual([404, 'order_not_found']);
  });

  it('nobody foresaw tells nothing about itself', async () => {
    expect(await problem(get('0'))).toEqual([500, 'internal_error']);
    expect((await send(get('0'))).answer.body).not.toContain('secret');
  });

  it('of a store that is away says when to come again', async () => {
    expect(await problem(get('1'))).toEqual([503, 'read_models_unavailable']);
    expect((await send(get('1'))).answer.headers['retry-after']).toBe('1');
  });
});

describe('access', () => {
  const authorization = async (request: Partial<Parameters<EmbeddedIssuer['issueToken']>[0]>) => ({
    authorization: `Bearer ${await issuer.issueToken({ tenant: 'acme', scopes: ['orders:read'], lifetimeSeconds: 60, ...request })}`,
  });

  it('needs a token, and is decided before the body is read', async () => {
    const sent = { body: '{', headers: { authorization: '' } };
    expect(await problem(sent)).toEqual([401, 'unauthenticated']);
    expect((await send(sent)).answer.headers['www-authenticate']).toBe('Bearer realm="orderlog"');
  });

  it('is not asked for at an address that nobody handles, nor is a body read there', async () => {
    const sent = { body: '{', headers: { authorization: '' } };
    expect(await problem({ ...sent, url: '/v1/nothing' })).toEqual([404, 'not_found']);
    expect(await problem({ ...sent, method: 'PUT' })).toEqual([405, 'method_not_allowed']);
    expect(await problem({ ...sent, url: '/v1/nothing', body: 'x'.repeat(2_000) })).toEqual([
      404,
      'not_found',
    ]);
  });

  it('ends with the token', async () => {
    const headers = await authorization({ lifetimeSeconds: -1 });
    expect(await problem({ method: 'GET', headers })).toEqual([401, 'token_expired']);
  });

  it('needs every scope of the route', async () => {
    const headers = await authorization({});
    expect(await problem({ body: order, headers })).toEqual([403, 'forbidden']);
    const { answer } = await send({ body: order, headers });
    expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope", scope="orders:write"');
  });

  it('is given to customers only where the route says so', async () => {
    const headers = await authorization({ customer: 'c-1', scopes: ['orders:read', 'orders:write'] });
    expect((await send({ method: 'GET', headers })).status).toBe(200);
    expect(await problem({ body: order, headers })).toEqual([403, 'forbidden']);
  });

  it('must be declared on every route, or the app does not start', async () => {
    await expect(start(OpenModule)).rejects.toThrow('GET /v1/forgotten does not say who may call it');
  });
});

describe('without a token', () => {
  const open = async (url: string) => app.fastify.inject({ method: 'GET', url });

  it('health is told: live always, ready when every check passes', async () => {
    expect((await open('/health/live')).json()).toEqual({ status: 'live' });
    expect((await open('/health/ready')).json()).toEqual({ status: 'ready', checks: { postgres: 'ok' } });
    postgresIsUp = false;
    const answer = await open('/health/ready');
    postgresIsUp = true;
    expect([answer.statusCode, answer.json()]).toEqual([
      503,
      { status: 'not_ready', checks: { postgres: 'failed' } },
    ]);
  });

  it('the process is measured, in the text format of Prometheus', async () => {
    const { statusCode, headers, body } = await open('/metrics');
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(body).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m);
  });

  it('requests are measured by route and status, never by path', async () => {
    const counts = async () => {
      const { body } = await open('/metrics');
      const found = body.matchAll(/^http_server_request_duration_seconds_count\{(.*)\} (\d+)$/gm);
      return new Map([...found].map(([, labels, count]) => [labels!, Number(count)]));
    };
    const counted = async (urls: readonly string[]) => {
      const before = await counts();
      for (const url of urls) await send({ method: 'GET', url });
      const grown = [...(await counts())].filter(([labels, count]) => count > (before.get(labels) ?? 0));
      return grown.map(([labels, count]) => `${count - (before.get(labels) ?? 0)} ${labels}`).sort();
    };
    const labels = (route: string, status: number) =>
      `http_request_method="GET",http_route="${route}",http_response_status_code="${status}"`;
    const metrics = `1 ${labels('/metrics', 200)}`; // the first of the two requests
    const list = '/v1/orders';
    const one = `${list}/40000000-0000-4000-8000-000000000000`;
    expect(await counted([list, list, one])).toEqual(
      [`2 ${labels(list, 200)}`, `1 ${labels(`${list}/:orderId`, 404)}`, metrics].sort(),
    );
    expect(await counted(['/v1/nobody', '/elsewhere', `${list}?limit=0`])).toEqual(
      [`2 ${labels('', 404)}`, `1 ${labels(list, 400)}`, metrics].sort(),
    );
  });

  it('the documentation is served', async () => {
    expect((await open('/docs-json')).json()).toEqual(await describeApi(AppModule, api));
    expect((await open('/docs-yaml')).statusCode).toBe(404);
    for (const path of ['/docs', '/docs/']) {
      const page = await open(path);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(page.body).toContain(`<title>${api.title}</title>`);
      // A gateway serves it below a path of its own.
      const loads = [...page.body.matchAll(/(?:href|src)="([^"]+)"/g)].map(
        ([, link]) => new URL(link!, `http://gateway/command-api${path}`).pathname,
      );
      expect(loads).toHaveLength(4);
      for (const loaded of loads) {
        expect(loaded).toMatch(/^\/command-api\/docs\//);
        expect((await open(loaded.slice('/command-api'.length))).statusCode).toBe(200);
      }
    }
  });
});

describe('the OpenAPI document', () => {
  it('describes fields, access and problems', async () => {
    const document = await describeApi(AppModule, api);
    expect(Object.keys(document.paths)).toEqual(['/v1/orders', '/v1/orders/{orderId}']);
    expect(document.paths['/v1/orders/{orderId}']?.get).toMatchObject({
      security: [{ bearer: [] }],
      responses: { 404: { content: { 'application/problem+json': {} } }, default: {} },
    });
    expect(document.components).toMatchObject({
      schemas: {
        LineDto: { properties: { sku: { type: 'string', maxLength: 100 } } },
        PlaceDto: { required: ['currency', 'lines'] },
        Problem: { properties: { code: { enum: problemCodes } } },
      },
      examples: { order_not_found: { value: { status: 404, code: 'order_not_found' } } },
    });
  });

  it('is of OpenAPI 3.1, where null is a type', async () => {
    const { openapi, components, paths } = await describeApi(AppModule, api);
    expect(openapi).toBe('3.1.0');
    expect(components).toMatchObject({
      schemas: {
        PlaceDto: { properties: { occurredAt: { type: ['string', 'null'] } } },
        Problem: { properties: { behind: { properties: { reached: { type: ['string', 'null'] } } } } },
      },
    });
    expect(JSON.stringify([components, paths])).not.toContain('"nullable"');
    const { parameters } = paths['/v1/orders']!.get!;
    expect(parameters).toContainEqual(
      expect.objectContaining({ name: 'limit', schema: expect.objectContaining({ type: 'integer' }) }),
    );
  });
});
