import { getEventListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  createClient,
  NoAnswer,
  Problem,
  type CallOptions,
  type ClientOptions,
  type Retry,
  type Transport,
} from './orderlog-client.js';
import { pause } from './waiting.js';

interface Received {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Reply = (response: ServerResponse) => void;

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});

/** A promise, with the functions that settle it. */
function later<T>() {
  let settle!: { resolve: (value: T) => void; reject: (error: Error) => void };
  const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}

/** A server that answers each request with the next reply, and all further ones with the last reply. */
async function serverOf(...replies: readonly Reply[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const reply = replies[Math.min(received.length, replies.length - 1)]!;
      received.push({ url: request.url!, headers: request.headers, body });
      reply(response);
    });
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const problem =
  (status: number, code: string, retryAfter?: string): Reply =>
  (response) => {
    response.writeHead(status, {
      'content-type': 'application/problem+json',
      ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
    });
    response.end(JSON.stringify({ status, code, title: code, detail: code, traceId: 'f'.repeat(32) }));
  };
const done: Reply = (response) => {
  response.writeHead(200, { etag: '"1"', 'content-type': 'application/json' });
  response.end(JSON.stringify({ orderId: ORDER, revision: 1, events: [] }));
};
const lost: Reply = (response) => response.socket!.destroy();
const ndjson = { 'content-type': 'application/x-ndjson; charset=utf-8' };
const exporting =
  (text: string): Reply =>
  (response) =>
    response.writeHead(200, ndjson).end(text);

const ORDER = '0b9e7c52-6f0a-4b7e-9c3d-2f1a8d4e6b70';
/** The least that an answer to a change has. */
const CHANGED = JSON.stringify({ orderId: ORDER, events: [] });

/** Leaves time for two tries on a machine that is busy with others. */
const DEADLINE_MS = 4_000;
jest.setTimeout(20_000);

function clientOf(urls: string | readonly string[], options: Partial<ClientOptions> = {}) {
  const retried: Retry[] = [];
  const onRetry = (retry: Retry) => retried.push(retry);
  return { retried, client: createClient({ commandUrl: urls, token: 'T', onRetry, ...options }) };
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: unknown) => error as Problem,
  );

describe('a change', () => {
  it('is the same request every time it is sent', async () => {
    const { url, received } = await serverOf(
      lost,
      problem(429, 'too_many_requests'),
      problem(409, 'conflict_retry_exhausted'),
      problem(408, 'request_timeout'),
      done,
    );
    const { client, retried } = clientOf(url);
    const headers = { traceparent: '00-1-1-01' };
    await client.confirmOrder({ orderId: ORDER }, { ifMatch: 0, headers });
    expect(retried.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^does not answer \((ECONNRESET|UND_ERR_SOCKET)\)$/),
      'answers 429 too_many_requests',
      'answers 409 conflict_retry_exhausted',
      'answers 408 request_timeout',
    ]);
    const [first, ...others] = received;
    expect(first).toMatchObject({
      url: `/v1/orders/${ORDER}/confirm`,
      body: '{}',
      headers: {
        authorization: 'Bearer T',
        'if-match': '"0"',
        'content-type': 'application/json',
        ...headers,
      },
    });
    expect(first!.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    for (const { url: _, ...other } of others) expect(other).toMatchObject({ body: first!.body });
    expect(new Set(received.map((one) => one.headers['idempotency-key'])).size).toBe(1);
  });

  it('that is refused after a try that was lost is of unknown outcome', async () => {
    const { url } = await serverOf(lost, problem(409, 'order_on_hold'));
    const refused = await failure(clientOf(url).client.confirmOrder({ orderId: ORDER }, { key: 'mine' }));
    expect(refused).toMatchObject({ code: 'order_on_hold', outcome: 'unknown', key: 'mine', tries: 2 });
  });

  it.each([
    [503, 'order_unreadable'],
    [500, 'internal_error'],
    [409, 'order_on_hold'],
  ])('that is answered %d %s is not sent again by itself', async (status, code) => {
    const { url, received } = await serverOf(problem(status, code, '1'), done);
    expect(await failure(clientOf(url).client.confirmOrder({ orderId: ORDER }))).toMatchObject({ code });
    expect(received).toHaveLength(1);
  });
});

describe('an error', () => {
  const coded = (code: string) => Object.assign(new Error(code), { code });
  const bug = new TypeError('a bug');
  const failing = (...errors: Error[]): Transport => {
    return () => Promise.reject(errors.shift() ?? new Error('one too many'));
  };

  it('of a certificate leads to the next address, without a pause', async () => {
    const transport: Transport = async ({ url }) => {
      if (url.startsWith('https://one')) throw coded('CERT_HAS_EXPIRED');
      return { status: 200, header: () => null, text: async () => CHANGED, stream: async function* () {} };
    };
    const { client, retried } = clientOf(['https://one', 'https://two'], { transport });
    await client.confirmOrder({ orderId: ORDER });
    expect(retried).toEqual([]);
  });

  it('that is none of the network leaves the outcome as the tries before it did', async () => {
    const { client } = clientOf('http://one', { transport: failing(coded('ECONNRESET'), bug) });
    const failed = await failure(client.confirmOrder({ orderId: ORDER }, { key: 'mine' }));
    expect(failed).toBeInstanceOf(NoAnswer);
    expect(failed).toMatchObject({ outcome: 'unknown', key: 'mine', tries: 2, cause: bug });
  });

  it('that is none of the network leaves the outcome unknown, whatever was answered before', async () => {
    const answers = [
      { status: 429, header: () => null, text: async () => '{}', stream: async function* () {} },
    ];
    const transport: Transport = async () => {
      const answer = answers.shift();
      if (answer) return answer;
      throw bug;
    };
    const { client } = clientOf('http://one', { transport });
    const failed = await failure(client.confirmOrder({ orderId: ORDER }, { key: 'mine' }));
    expect(failed).toMatchObject({ outcome: 'unknown', key: 'mine', tries: 2, cause: bug });
  });

  it('that is none of the network leaves the outcome unknown at the first try, too', async () => {
    const { client } = clientOf('http://one', { queryUrl: 'http://one', transport: failing(bug, bug) });
    const changing = await failure(client.confirmOrder({ orderId: ORDER }));
    expect(changing).toBeInstanceOf(NoAnswer);
    const message = 'http://one gave no answer: the transport failed (a bug) (tries: 1)';
    const key = expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown;
    expect(changing).toMatchObject({ message, outcome: 'unknown', key, tries: 1, cause: bug });
    const reading = await failure(client.getOrder({ orderId: ORDER }));
    expect(reading).toBeInstanceOf(NoAnswer);
    expect(reading).toMatchObject({ outcome: 'nothing', key: null, cause: bug });
  });

  it('of what no header can hold is told as it is, and nothing is sent', async () => {
    const { url, received } = await serverOf(done);
    const order = { orderId: ORDER };
    const badKey = await failure(clientOf(url).client.confirmOrder(order, { key: 'a\nb' }));
    expect([badKey!.name, badKey!.outcome]).toEqual(['TypeError', undefined]);
    const refusal = new TypeError('the token has a character that no header can hold');
    expect(() => clientOf(url, { token: 'a\nb' })).toThrow(refusal);
    expect(await failure(clientOf(url, { token: () => 'a\nb' }).client.confirmOrder(order))).toEqual(refusal);
    expect(received).toEqual([]);
  });

  it('of onRetry leaves the outcome as the tries before it did', async () => {
    const onRetry = () => {
      throw bug;
    };
    const { client } = clientOf('http://one', { transport: failing(coded('ECONNRESET')), onRetry });
    const failed = await failure(client.confirmOrder({ orderId: ORDER }, { key: 'mine' }));
    expect(failed).toBeInstanceOf(NoAnswer);
    const message = 'http://one could not be asked again: onRetry failed (tries: 1)';
    expect(failed).toMatchObject({ message, outcome: 'unknown', key: 'mine', tries: 1, cause: bug });
  });

  it('is the reason of the signal where that has ended the call', async () => {
    const ending = new AbortController();
    const onRetry = () => {
      ending.abort(new Error('enough'));
      throw bug;
    };
    const { client } = clientOf('http://one', { transport: failing(coded('ECONNRESET')), onRetry });
    const ended = await failure(client.confirmOrder({ orderId: ORDER }, { signal: ending.signal }));
    expect(ended!.message).toBe('enough');
  });
});

describe('a pause', () => {
  it('is not made that ends after the deadline', async () => {
    const { url, received } = await serverOf(problem(503, 'event_store_unavailable', '30'));
    const { client, retried } = clientOf(url);
    const refused = await failure(client.confirmOrder({ orderId: ORDER }, { deadlineMs: 2_000 }));
    expect(refused).toMatchObject({ status: 503, outcome: 'nothing', tries: 1 });
    expect([received.length, retried.length]).toEqual([1, 0]);
  });

  it('is as long as the service asks for, or not made at all', async () => {
    const { url, received } = await serverOf(problem(503, 'event_store_unavailable', '45'));
    const { client, retried } = clientOf(url, { deadlineMs: 40_000 });
    expect(await failure(client.confirmOrder({ orderId: ORDER }))).toMatchObject({ status: 503, tries: 1 });
    expect([received.length, retried.length]).toEqual([1, 0]);
    const ending = new AbortController();
    const waiting = clientOf(url, {
      deadlineMs: 60_000,
      onRetry: ({ pauseMs }) => ending.abort(new Error(`waits ${Math.floor(pauseMs / 10_000)}0 s`)),
    }).client.confirmOrder({ orderId: ORDER }, { signal: ending.signal });
    await expect(waiting).rejects.toThrow('waits 40 s');
  });

  it('is not made where another instance may take over from one that stops', async () => {
    const [stopping, other] = [await serverOf(problem(503, 'shutting_down', '5')), await serverOf(done)];
    const { client, retried } = clientOf([stopping.url, other.url]);
    await client.confirmOrder({ orderId: ORDER });
    await client.confirmOrder({ orderId: ORDER });
    expect([stopping.received.length, other.received.length, retried.length]).toEqual([1, 2, 0]);
  });

  it('is made when all addresses were tried', async () => {
    const [one, two] = [await serverOf(lost, lost, done), await serverOf(lost)];
    const { client, retried } = clientOf([one.url, two.url]);
    await client.confirmOrder({ orderId: ORDER });
    expect([one.received.length, two.received.length, retried.length]).toEqual([3, 2, 2]);
  });
});

describe('a token that does not come', () => {
  const never = () => new Promise<string>(() => {});
  const sourceOf = (...answers: readonly (() => string | Promise<string>)[]) => {
    let asked = 0;
    return () => answers[asked++]!();
  };

  it('is waited for until the deadline, and then asked for anew', async () => {
    const { url, received } = await serverOf(done);
    const { client } = clientOf(url, { token: sourceOf(never, () => 'T') });
    const late = await failure(client.confirmOrder({ orderId: ORDER }, { key: 'mine', deadlineMs: 50 }));
    expect(late).toBeInstanceOf(NoAnswer);
    expect(late).toMatchObject({ url, outcome: 'nothing', key: 'mine', tries: 0 });
    await client.confirmOrder({ orderId: ORDER });
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer T']);
  });

  it('is used by the next call if it comes late', async () => {
    const { url, received } = await serverOf(done);
    const late = later<string>();
    const { client } = clientOf(url, { token: sourceOf(() => late.promise) });
    await failure(client.confirmOrder({ orderId: ORDER }, { deadlineMs: 50 }));
    late.resolve('late');
    await new Promise(setImmediate);
    await client.confirmOrder({ orderId: ORDER });
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer late']);
  });

  it('is used by a call that waits for another if it comes late', async () => {
    const { url, received } = await serverOf(done);
    const late = later<string>();
    const another = () => (late.resolve('late'), never());
    const { client } = clientOf(url, {
      token: sourceOf(() => late.promise, another),
      deadlineMs: DEADLINE_MS,
    });
    await failure(client.confirmOrder({ orderId: ORDER }, { deadlineMs: 50 }));
    await client.confirmOrder({ orderId: ORDER });
    await client.confirmOrder({ orderId: ORDER });
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer late', 'Bearer late']);
  });

  it('is used also where the question after it failed meanwhile', async () => {
    const { url, received } = await serverOf(done);
    const late = later<string>();
    const noIssuer = () => Promise.reject(new Error('no issuer'));
    const { client } = clientOf(url, { token: sourceOf(() => late.promise, noIssuer) });
    await failure(client.confirmOrder({ orderId: ORDER }, { deadlineMs: 50 }));
    expect((await failure(client.confirmOrder({ orderId: ORDER })))!.message).toBe('no issuer');
    late.resolve('late');
    await new Promise(setImmediate);
    await client.confirmOrder({ orderId: ORDER });
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer late']);
  });

  it('does not take the place of one that was had meanwhile', async () => {
    const { url, received } = await serverOf(done);
    const late = later<string>();
    const { client } = clientOf(url, {
      token: sourceOf(
        () => late.promise,
        () => 'T',
      ),
    });
    await failure(client.confirmOrder({ orderId: ORDER }, { deadlineMs: 50 }));
    await client.confirmOrder({ orderId: ORDER });
    late.resolve('late');
    await new Promise(setImmediate);
    await client.confirmOrder({ orderId: ORDER });
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer T', 'Bearer T']);
  });

  it('is had also by a call with more time, though another one has given it up and asked anew', async () => {
    const { url, received } = await serverOf(done);
    const late = later<string>();
    const { client } = clientOf(url, { token: sourceOf(() => late.promise, never), deadlineMs: DEADLINE_MS });
    const patient = client.confirmOrder({ orderId: ORDER });
    await failure(client.confirmOrder({ orderId: ORDER }, { deadlineMs: 50 }));
    const anew = client.confirmOrder({ orderId: ORDER });
    late.resolve('late');
    await Promise.all([patient, anew]);
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer late', 'Bearer late']);
  });

  it('takes nothing away where it fails after another was had', async () => {
    const { url, received } = await serverOf(done);
    const late = later<string>();
    const token = sourceOf(
      () => late.promise,
      () => 'T',
    );
    const { client } = clientOf(url, { token });
    await failure(client.confirmOrder({ orderId: ORDER }, { deadlineMs: 50 }));
    await client.confirmOrder({ orderId: ORDER });
    late.reject(new Error('no issuer'));
    await new Promise(setImmediate);
    await client.confirmOrder({ orderId: ORDER });
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer T', 'Bearer T']);
  });

  it('leaves the outcome as the tries before it did', async () => {
    const { url } = await serverOf(lost, problem(401, 'token_expired'));
    const { client } = clientOf(url, { token: sourceOf(() => 'T', never), deadlineMs: DEADLINE_MS });
    expect(await failure(client.confirmOrder({ orderId: ORDER }, { key: 'mine' }))).toMatchObject({
      message: `${url} could not be asked: the token source gave no token in time (tries: 2)`,
      outcome: 'unknown',
      key: 'mine',
    });
  });

  it('is waited for no longer by a caller who has had enough, but by the others', async () => {
    const { url } = await serverOf(done);
    const coming = later<string>();
    const { client } = clientOf(url, { token: sourceOf(() => coming.promise) });
    const ending = new AbortController();
    const ended = client.confirmOrder({ orderId: ORDER }, { signal: ending.signal });
    const other = client.confirmOrder({ orderId: ORDER });
    ending.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
    coming.resolve('T');
    expect(await other).toMatchObject({ revision: 1 });
  });

  it('does not hold up the answer to another call that was refused', async () => {
    const [next, second] = [later<string>(), later<ServerResponse>()];
    const { url } = await serverOf(problem(401, 'token_expired'), second.resolve);
    const refuseTheOther = async () => {
      problem(401, 'unauthenticated')(await second.promise);
      return next.promise;
    };
    const { client } = clientOf(url, { token: sourceOf(() => 'T', refuseTheOther) });
    const calls = [1, 2].map(() => failure(client.confirmOrder({ orderId: ORDER })));
    expect(await Promise.race(calls)).toMatchObject({ status: 401, code: 'unauthenticated' });
    next.reject(new Error('no issuer'));
    expect((await Promise.all(calls)).map((error) => error!.message).sort()).toEqual([
      '401 unauthenticated: unauthenticated',
      `${url} could not be asked again: the token source failed (tries: 1)`,
    ]);
  });

  it('says what the tries before it left behind, where its source fails', async () => {
    const { url } = await serverOf(lost, problem(401, 'token_expired'));
    const noIssuer = new Error('no issuer');
    const { client } = clientOf(url, {
      token: sourceOf(
        () => 'T',
        () => Promise.reject(noIssuer),
      ),
    });
    const failed = await failure(client.confirmOrder({ orderId: ORDER }, { key: 'mine' }));
    expect(failed).toBeInstanceOf(NoAnswer);
    expect(failed).toMatchObject({ outcome: 'unknown', key: 'mine', tries: 2, cause: noIssuer });
  });

  it('is the error of its source where nothing was sent', async () => {
    const { client } = clientOf('http://127.0.0.1:9', {
      token: sourceOf(() => Promise.reject(new Error('no key'))),
    });
    expect((await failure(client.confirmOrder({ orderId: ORDER })))!.message).toBe('no key');
  });
});

it('a token is renewed as often as it expires while a call goes on', async () => {
  const { url, received } = await serverOf(
    problem(401, 'token_expired'),
    problem(503, 'event_store_unavailable'),
    problem(401, 'token_expired'),
    done,
  );
  const { client } = clientOf(url, { token: () => `T${received.length}` });
  await client.confirmOrder({ orderId: ORDER });
  const sent = received.map(({ headers }) => headers.authorization);
  expect(sent).toEqual(['Bearer T0', 'Bearer T1', 'Bearer T1', 'Bearer T3']);
});

describe('no token', () => {
  it.each([undefined, null, ''])('is refused when the client is made: %j', (token) => {
    const given = () => createClient({ commandUrl: 'http://one', token: token as string });
    expect(given).toThrow(new TypeError('the client was given no token'));
  });

  it.each([undefined, null, ''])('is an error of its source, and nothing is sent: %j', async (token) => {
    const { url, received } = await serverOf(done);
    const answers = [token as string, 'T'];
    const { client } = clientOf(url, { token: () => answers.shift()! });
    const failed = await failure(client.confirmOrder({ orderId: ORDER }));
    expect(failed).toEqual(new TypeError('the token source gave no token'));
    await client.confirmOrder({ orderId: ORDER });
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer T']);
  });
});

it('an export in another format is refused, for those who write no TypeScript', async () => {
  const { url, received } = await serverOf(exporting('{}\n'));
  const { client } = clientOf([], { queryUrl: url });
  const asCsv = client.exportOrders({ format: 'csv' } as object).next();
  await expect(asCsv).rejects.toThrow(TypeError);
  await expect(asCsv).rejects.toThrow('exportOrders reads NDJSON only, and was asked for csv');
  expect(received).toEqual([]);
  for (const format of ['ndjson', null]) {
    const asIs = client.exportOrders({ format } as object).next();
    expect(await asIs).toEqual({ done: false, value: {} });
  }
});

it.each(['close', 'keep-alive'])(
  'an answer that is cut off is asked for again: connection %s',
  async (connection) => {
    const cut: Reply = (response) => {
      response.writeHead(200, { connection, 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"orderId"', () => response.socket!.end());
    };
    const { url, received } = await serverOf(cut, done);
    const { client, retried } = clientOf(url);
    expect(await client.confirmOrder({ orderId: ORDER })).toMatchObject({ revision: 1 });
    expect(new Set(received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(retried).toHaveLength(1);
  },
);

describe('an answer that cannot be read', () => {
  const tooManyHeaders: Reply = (response) => response.writeHead(200, { x: 'y'.repeat(20_000) }).end('{}');
  const packed =
    (encoding: string): Reply =>
    (response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(Buffer.from([0xff, 0xff, 1, 2, 3, 4]));

  it.each<[string, Reply]>([
    ['UND_ERR_HEADERS_OVERFLOW', tooManyHeaders],
    ['Z_DATA_ERROR', packed('gzip')],
    ['ERR__ERROR_FORMAT_', packed('br')],
  ])('is asked for again: %s', async (code, broken) => {
    const { url, received } = await serverOf(broken, done);
    const { client, retried } = clientOf(url);
    expect(await client.confirmOrder({ orderId: ORDER })).toMatchObject({ revision: 1 });
    expect(new Set(received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(retried).toMatchObject([{ reason: expect.stringContaining(code) as unknown }]);
  });

  it('until the deadline has an unknown outcome, and a key with which it can be asked', async () => {
    const { url, received } = await serverOf(tooManyHeaders);
    const failed = await failure(
      clientOf(url, { deadlineMs: 1_000 }).client.confirmOrder({ orderId: ORDER }),
    );
    expect(failed).toBeInstanceOf(NoAnswer);
    const key = received[0]!.headers['idempotency-key'];
    expect(failed).toMatchObject({ outcome: 'unknown', key, cause: { name: 'TypeError' } });
  });
});

it('an answer that does not come in time is waited for no longer, and asked for again', async () => {
  const silent: Reply = () => {};
  const { url, received } = await serverOf(silent, done);
  const { client, retried } = clientOf(url, { tryMs: 100 });
  await client.confirmOrder({ orderId: ORDER });
  expect(received).toHaveLength(2);
  expect(retried).toMatchObject([{ url, reason: 'does not answer (ETIMEDOUT)' }]);
});

it('an answer is waited for where there is no limit', async () => {
  let cutOff: boolean | null = null;
  const transport: Transport = async ({ signal }) => {
    await pause(5, null); // longer than the shortest timer, which a delay that is too long would become
    cutOff = signal.aborted;
    return { status: 200, header: () => null, text: async () => CHANGED, stream: async function* () {} };
  };
  const { client } = clientOf('http://one', { transport, deadlineMs: Infinity, tryMs: Infinity });
  await client.confirmOrder({ orderId: ORDER });
  expect(cutOff).toBe(false);
});

it('the last answer is the reason when the deadline cuts off the try after it', async () => {
  const { url } = await serverOf(problem(503, 'not_caught_up', '1'), () => {});
  const { client } = clientOf([], { queryUrl: url, deadlineMs: DEADLINE_MS });
  expect(await failure(client.getOrder({ orderId: ORDER }))).toMatchObject({
    code: 'not_caught_up',
    tries: 2,
  });
});

it('no answer at all before the deadline is told as that', async () => {
  const silent = await serverOf(() => {});
  const asked = clientOf(silent.url, { deadlineMs: 100 }).client.confirmOrder({ orderId: ORDER });
  expect(await failure(asked)).toMatchObject({
    constructor: NoAnswer,
    message: `${silent.url} does not answer (ETIMEDOUT) (tries: 1)`,
    outcome: 'unknown',
  });
});

it('a redirection is not followed, since it would take the token along', async () => {
  const page = '<html>Moved';
  const path = `/v1/orders/${ORDER}/confirm`;
  for (const [location, said] of [
    [`https://shop.example${path}`, 'https://shop.example: give that address'],
    [`https://shop.example/api${path}`, 'https://shop.example/api: give that address'],
    ['https://shop.example/login', 'https://shop.example/login'],
    ['/login', 'URL/login'],
  ] as const) {
    const { url } = await serverOf((response) => response.writeHead(302, { location }).end(page));
    const refused = await failure(clientOf(url).client.confirmOrder({ orderId: ORDER }));
    const detail = `redirects to ${said.replace('URL', url)}`;
    expect(refused).toMatchObject({ status: 302, message: `302 http_302: ${detail}`, detail });
  }
});

it('a page in the place of an answer is a problem', async () => {
  const { url } = await serverOf(lost, (response) => response.end('<html>Log in'));
  const refused = await failure(clientOf(url).client.confirmOrder({ orderId: ORDER }, { key: 'mine' }));
  expect(refused).toMatchObject({ code: 'http_200', outcome: 'unknown', key: 'mine', tries: 2 });
});

describe('success without an answer', () => {
  const order = { orderId: ORDER };

  it.each(['{}', 'null', '[]', '"ok"', '{"orderId":"1"}'])(
    'is a problem: JSON of another kind: %s',
    async (text) => {
      const { url } = await serverOf((response) => response.end(text));
      const { client } = clientOf(url, { queryUrl: url });
      const changing = await failure(client.confirmOrder(order, { key: 'mine' }));
      expect(changing).toMatchObject({ code: 'http_200', outcome: 'unknown', key: 'mine' });
      const listing = await failure(client.items('listOrders', {}).next());
      expect(listing).toBeInstanceOf(Problem);
    },
  );

  it.each([200, 202, 204])('is a problem: %d', async (status) => {
    const { url, received } = await serverOf((response) => response.writeHead(status).end());
    const { client } = clientOf(url, { queryUrl: url });
    const empty = { code: `http_${status}`, detail: 'the answer has no body', tries: 1 };
    const changing = await failure(client.confirmOrder(order));
    const key = received[0]!.headers['idempotency-key'];
    expect(changing).toBeInstanceOf(Problem);
    expect(changing).toMatchObject({ ...empty, outcome: 'unknown', key });
    for (const read of [
      () => client.getOrder(order),
      () => client.items('listOrders', {}).next(),
      () => client.exportOrders().next(),
    ]) {
      const reading = await failure(read());
      expect(reading).toBeInstanceOf(Problem);
      expect(reading).toMatchObject({ ...empty, outcome: 'nothing', key: null });
    }
  });

  it.each<[string, Reply]>([
    ['of another type', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('\n')],
    ['of which a part is told', (response) => response.writeHead(206, ndjson).end('{"orderId":"a"}\n')],
  ])('is a problem for an export, too: %s', async (_, reply) => {
    const { url } = await serverOf(reply);
    const { client } = clientOf([], { queryUrl: url });
    expect(await failure(client.exportOrders().next())).toBeInstanceOf(Problem);
  });
});

it.each(['"5"', 'W/"5"'])('the revision of an answer is told by its ETag: %s', async (etag) => {
  const { url } = await serverOf((response) => response.writeHead(200, { etag }).end(CHANGED));
  expect(await clientOf(url).client.answer('confirmOrder', { orderId: ORDER })).toMatchObject({
    revision: 5,
  });
});

it('calls that share a signal leave one listener on it, and end with it', async () => {
  let asked = 0;
  const { url } = await serverOf(() => {
    // Each of them listens by then; the token was waited for together.
    if (++asked === 20) listeners = getEventListeners(ending.signal, 'abort').length;
    if (asked === 20) ending.abort(new Error('enough'));
  });
  let listeners: number | null = null;
  const ending = new AbortController();
  const { client } = clientOf(url, { token: async () => 'T' });
  const calls = Array.from({ length: 20 }, () =>
    failure(client.confirmOrder({ orderId: ORDER }, { signal: ending.signal })),
  );
  expect(new Set((await Promise.all(calls)).map((error) => error!.message))).toEqual(new Set(['enough']));
  expect(listeners).toBe(1);
  expect(getEventListeners(ending.signal, 'abort')).toEqual([]);
});

describe('a loop whose signal is given', () => {
  const page = (items: readonly string[], nextCursor: string | null): Reply => {
    const body = { items: items.map((orderId) => ({ orderId })), nextCursor };
    return (response) => response.end(JSON.stringify(body));
  };
  const lines = exporting('{"orderId":"a"}\n{"orderId":"b"}\n');
  type Loop = (client: ReturnType<typeof clientOf>['client'], options: CallOptions) => AsyncIterable<unknown>;
  const items: Loop = (client, options) => client.items('listOrders', {}, options);
  const pages: Loop = (client, options) => client.pages('listOrders', {}, options);
  const exported: Loop = (client, options) => client.exportOrders({}, options);

  it.each<[string, Loop, Reply, number]>([
    ['items in the middle of a page', items, page(['a', 'b'], 'more'), 1],
    ['items at the end of the last page', items, page(['a'], null), 1],
    ['pages at the last one', pages, page(['a'], null), 1],
    ['an export', exported, lines, 1],
    ['an export at its end', exported, lines, 2],
  ])('ends with its reason, and tells nothing more: %s', async (_, loop, reply, after) => {
    const { url } = await serverOf(reply);
    const ending = new AbortController();
    let told = 0;
    const looping = (async () => {
      for await (const _one of loop(clientOf([], { queryUrl: url }).client, { signal: ending.signal }))
        if (++told === after) ending.abort(new Error('enough'));
    })();
    await expect(looping).rejects.toThrow('enough');
    expect(told).toBe(after);
  });
});

it('a dry run has no key, and has done nothing even where its outcome is not known', async () => {
  const { url, received } = await serverOf(lost, (response) => response.end('<html>Log in'));
  const { client } = clientOf(url);
  const path = `/v1/orders/${ORDER}/confirm?dryRun=true`;
  const nothing = { code: 'http_200', outcome: 'nothing', key: null };
  expect(await failure(client.confirmOrder({ orderId: ORDER, dryRun: true }))).toMatchObject(nothing);
  expect(await failure(client.send({ api: 'command', method: 'POST', path }))).toMatchObject(nothing);
  for (const { headers, ...one } of received) {
    expect(one.url).toBe(path);
    expect(headers['idempotency-key']).toBeUndefined();
  }
  const refusing = clientOf((await serverOf(lost, problem(409, 'order_on_hold'))).url).client;
  expect(await failure(refusing.confirmOrder({ orderId: ORDER, dryRun: true }))).toMatchObject({
    ...{ code: 'order_on_hold', outcome: 'nothing' },
    ...{ key: null, tries: 2 },
  });
});

describe('a header of the caller', () => {
  const sentWith = async (options: CallOptions) => {
    const { url, received } = await serverOf(done);
    const refused = await failure(clientOf(url).client.confirmOrder({ orderId: ORDER }, options));
    return { refused, headers: received[0]?.headers };
  };

  it('is sent whatever the case of its name', async () => {
    const headers = { 'If-Match': '*', 'X-Correlation-Id': 'mine' };
    expect(await sentWith({ headers })).toMatchObject({
      refused: null,
      headers: { 'if-match': '*', 'x-correlation-id': 'mine' },
    });
  });

  it.each([
    [{ 'idempotency-key': 'mine' }, 'use the option key'],
    [{ 'Idempotency-Key': 'mine' }, 'use the option key'],
    [{ Authorization: 'Bearer mine' }, 'give the client the token'],
    [{ 'Content-Type': 'text/plain' }, 'bodies are JSON'],
    [{ 'Consistent-With': 'mine' }, 'give its session the position'],
  ])('is refused where the client sends one itself: %j', async (headers, instead) => {
    const { refused, headers: sent } = await sentWith({ headers });
    expect(sent).toBeUndefined();
    expect(refused).toBeInstanceOf(TypeError);
    expect(refused!.message).toContain(instead);
  });

  it('is refused where it says the same as an option', async () => {
    const { refused, headers } = await sentWith({ ifMatch: 1, headers: { 'If-Match': '*' } });
    expect(headers).toBeUndefined();
    expect(refused).toEqual(new TypeError('if-match is given twice: as a header and as the option ifMatch'));
  });
});

it('an error of the caller is told at once', async () => {
  const { url, received } = await serverOf(done);
  const wrong = { headers: { 'x-correlation-id': 'no\nheader' } };
  await expect(clientOf(url).client.confirmOrder({ orderId: ORDER }, wrong)).rejects.toThrow(/header/i);
  expect(received).toHaveLength(0);
});

it('a stream that is cut off is an error, and no shorter list', async () => {
  const cut: Reply = (response) => {
    response.writeHead(200, ndjson);
    response.write('{"orderId":"a"}\n{"order', () => response.socket!.end());
  };
  const { url } = await serverOf(cut);
  const { client } = clientOf([], { queryUrl: url });
  const told: string[] = [];
  const reading = (async () => {
    for await (const { orderId } of client.exportOrders()) told.push(orderId);
  })();
  await expect(reading).rejects.toBeInstanceOf(NoAnswer);
  expect(told).toEqual(['a']);
});

describe('an export', () => {
  afterEach(() => void jest.useRealTimers());

  const url = 'http://one';
  const TRY_MS = 1_000;
  const never = () => new Promise<never>(() => {});
  const line = (orderId: string) => Buffer.from(`{"orderId":"${orderId}"}\n`);

  function exported(stream: () => AsyncIterable<Uint8Array>, options: CallOptions = {}) {
    const requests: AbortSignal[] = [];
    const transport: Transport = async ({ signal }) => {
      requests.push(signal);
      const header = (name: string) => (name === 'content-type' ? ndjson[name] : null);
      return { status: 200, header, text: async () => '', stream };
    };
    const { client } = clientOf([], { queryUrl: url, transport, tryMs: TRY_MS });
    return { orders: client.exportOrders({}, options), requests };
  }

  it('that falls silent has no answer after the time of one try, and that of its reader does not count', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const { orders, requests } = exported(async function* () {
      yield line('a');
      yield line('b');
      await never();
    });
    expect(await orders.next()).toMatchObject({ value: { orderId: 'a' } });
    await jest.advanceTimersByTimeAsync(100 * TRY_MS);
    expect(await orders.next()).toMatchObject({ value: { orderId: 'b' } });
    let isOver = false;
    const silent = failure(orders.next()).finally(() => (isOver = true));
    await jest.advanceTimersByTimeAsync(TRY_MS - 1);
    expect(isOver).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(await silent).toBeInstanceOf(NoAnswer);
    const message = `${url} broke off its answer (ETIMEDOUT) (tries: 1)`;
    expect(await silent).toMatchObject({ url, message, outcome: 'nothing', key: null, tries: 1 });
    expect(requests.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it.each([
    ['UND_ERR_SOCKET', new TypeError('terminated', { cause: { code: 'UND_ERR_SOCKET' } })],
    ['a bug', new TypeError('a bug')],
  ])('whose stream fails has no answer: %s', async (why, cause) => {
    const { orders } = exported(async function* () {
      yield line('a');
      throw cause;
    });
    expect(await orders.next()).toMatchObject({ value: { orderId: 'a' } });
    const failed = await failure(orders.next());
    expect(failed).toBeInstanceOf(NoAnswer);
    const message = `${url} broke off its answer (${why}) (tries: 1)`;
    expect(failed).toMatchObject({ message, outcome: 'nothing', cause });
  });

  it('that ends in the middle of a line has no answer', async () => {
    const { orders } = exported(async function* () {
      yield Buffer.concat([line('a'), Buffer.from('{"order')]);
    });
    expect(await orders.next()).toMatchObject({ value: { orderId: 'a' } });
    const failed = await failure(orders.next());
    expect(failed).toBeInstanceOf(NoAnswer);
    const cause = new Error('the stream ended in the middle of a line');
    expect(failed).toMatchObject({ outcome: 'nothing', cause });
  });

  it.each(['while it waits', 'before it is asked for more'])('ends with its signal %s', async (when) => {
    const ending = new AbortController();
    const stream = async function* () {
      yield line('a');
      await never();
    };
    const { orders } = exported(stream, { signal: ending.signal });
    await orders.next();
    if (when !== 'while it waits') ending.abort(new Error('enough'));
    const ended = failure(orders.next());
    ending.abort(new Error('enough'));
    expect((await ended)!.message).toBe('enough');
    expect(getEventListeners(ending.signal, 'abort')).toEqual([]);
  });
});

it.each(['all of it', 'no more than one'])('a stream leaves nothing on its signal: %s', async (read) => {
  const { url } = await serverOf(exporting('{"orderId":"a"}\n{"orderId":"b"}\n'));
  const { client } = clientOf([], { queryUrl: url });
  const { signal } = new AbortController();
  for await (const _ of client.exportOrders({}, { signal })) {
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    if (read !== 'all of it') break;
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('a stream ends with its signal', async () => {
  const endless: Reply = (response) => void response.writeHead(200, ndjson).write('{"orderId":"a"}\n');
  const { url } = await serverOf(endless);
  const { client } = clientOf([], { queryUrl: url });
  const ending = new AbortController();
  const reading = (async () => {
    for await (const _ of client.exportOrders({}, { signal: ending.signal }))
      ending.abort(new Error('enough'));
  })();
  await expect(reading).rejects.toThrow('enough');
});
