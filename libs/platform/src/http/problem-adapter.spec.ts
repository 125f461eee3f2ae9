import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Public } from '../auth/access.js';
import { createLogger } from '../logging.js';
import { createHttpApp, type HttpApp } from './http-app.js';

let release: () => void;
let arrived: () => void;
let arrival: Promise<void>;
let held: Promise<void>;

function hold(): void {
  arrival = new Promise<void>((done) => (arrived = done));
  held = new Promise<void>((done) => (release = done));
}

@Controller('held')
class HeldController {
  @Get()
  @Public()
  async held() {
    arrived();
    await held;
    return { late: true };
  }
}

@Controller('stream')
class StreamController {
  @Get()
  @Public()
  async stream(@Res() reply: FastifyReply) {
    reply.raw.writeHead(200, { 'content-type': 'text/plain' });
    reply.raw.write('begun');
    await held;
    reply.raw.end('done');
  }
}

@Controller('things')
class ThingsController {
  @Get(':id')
  @Public()
  one() {
    return {};
  }

  @Post('search')
  @Public()
  search() {
    return {};
  }
}

@Module({ controllers: [HeldController, StreamController, ThingsController] })
class HeldModule {}

let app: HttpApp;
let port: number;
const logged: unknown[] = [];

beforeAll(async () => {
  const logger = createLogger('test', 'silent');
  logger.warn = logger.error = (_: unknown, line?: unknown) => void logged.push(line);
  app = await createHttpApp(HeldModule, {
    logger,
    api: { title: 'test', description: '', version: '1' },
    verifier: { known: () => undefined, verify: () => Promise.reject(new Error('not asked')) },
    bodyLimitBytes: 1_000,
    readiness: {},
  });
  port = await app.listen('127.0.0.1', 0);
});

afterAll(() => app.close());

beforeEach(hold);

/** A connection, and all that comes on it until it is closed. */
function opened(): { socket: Socket; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString('utf8')));
  return { socket, answer: once(socket, 'close').then(() => received) };
}

function send(text: string): Promise<string> {
  const { socket, answer } = opened();
  socket.end(text);
  return answer;
}

describe('what is not quite HTTP', () => {
  it.each([
    ['garbage', 'HELLO\r\n\r\n', 400, 'malformed_request'],
    ['no host', 'GET /held HTTP/1.1\r\nconnection: close\r\n\r\n', 400, 'malformed_request'],
    [
      'two hosts',
      'GET /held HTTP/1.1\r\nhost: x\r\nHost: y\r\nconnection: close\r\n\r\n',
      400,
      'malformed_request',
    ],
    [
      'an unknown expectation of what is not there',
      'GET /nowhere HTTP/1.1\r\nhost: x\r\nexpect: x\r\nconnection: close\r\n\r\n',
      404,
      'not_found',
    ],
    ['endless headers', `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
    ['an endless address', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 414, 'uri_too_long'],
    ['an address that does not end', `GET /${'x'.repeat(20_000)}`, 414, 'uri_too_long'],
    [
      'an address and headers that are too long together',
      `GET /${'x'.repeat(10_000)} HTTP/1.1\r\nx: ${'x'.repeat(10_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
  ])('is answered as a problem: %s', async (_name, text, status, code) => {
    const answer = await send(text);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toContain('content-type: application/problem+json');
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ status, code });
  });
});

describe('what is not HTTP behind a request', () => {
  it.each([
    ['garbage', 'HELLO\r\n\r\n'],
    ['endless headers', `GET / HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`],
  ])('is not answered in its place, but ends the connection: %s', async (_name, behind) => {
    const { socket, answer } = opened();
    const broken = once(app.fastify.server, 'clientError');
    socket.write('GET /held HTTP/1.1\r\nhost: x\r\n\r\n');
    await arrival;
    socket.write(behind);
    await broken;
    release();
    const received = await answer;
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(received).toMatch(/^connection: close\r$/im);
    expect(received).toContain('{"late":true}');
  });
});

describe('what is not HTTP behind a request that is answered at once', () => {
  it.each(['/nowhere', '/things/7', '/stream'])('ends the connection: %s', async (path) => {
    const { socket, answer } = opened();
    const broken = once(app.fastify.server, 'clientError');
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\nHELLO\r\n\r\n`); // and not ended: the app has to
    await broken;
    release();
    expect((await answer).match(/HTTP\/1\.1 \d+/g)).toHaveLength(1);
  });
});

describe('a body that is broken off', () => {
  it('is no failure of ours, and is not logged as one', async () => {
    const asked = once(app.fastify.server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /things/search HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
    socket.write('content-length: 100\r\n\r\n{');
    const [, response] = await asked;
    const closed = once(response, 'close');
    socket.destroy();
    await closed;
    await setImmediate();
    expect(response.statusCode).toBe(400);
    expect(logged).toEqual([]);
  });
});

describe('a fixed name where others have an id', () => {
  const ask = async (method: 'GET' | 'HEAD' | 'POST' | 'DELETE', url: string) => {
    const { statusCode, headers } = await app.fastify.inject({ method, url });
    return [statusCode, headers['allow']];
  };

  it('is no id, so that other methods are not allowed there', async () => {
    expect(await ask('GET', '/things/search')).toEqual([405, 'POST']);
    expect(await ask('HEAD', '/things/search?q=1')).toEqual([405, 'POST']);
    expect(await ask('DELETE', '/things/search')).toEqual([405, 'POST']);
    expect(await ask('POST', '/things/search')).toEqual([201, undefined]);
  });

  it('leaves the others as they are', async () => {
    expect(await ask('GET', '/things/searches')).toEqual([200, undefined]);
    expect(await ask('DELETE', '/things/7')).toEqual([405, 'GET, HEAD']);
  });
});

describe('an app that stops', () => {
  it('answers what is under way, and nothing new', async () => {
    const answer = send('GET /held HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await arrival;
    const closed = app.close();
    release();
    expect(await answer).toContain('{"late":true}');
    await closed;
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
