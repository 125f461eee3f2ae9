import { isUtf8 } from 'node:buffer';
import { maxHeaderSize, STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { problemDocument, type ProblemResponder } from '../problems/problem-response.js';
import { ProblemError, type ProblemCode } from '../problems/problems.js';
import { answerUnderWay } from './draining.js';
import { traceIdOf, traceparentOf } from './trace.js';

const REQUEST_TIMEOUT_MS = 60_000;
/** Longest path parameter, as sent. Ours have up to 200 characters, each up to nine when encoded: `%E2%82%AC`. */
const MOST_IN_PATH = 1_800;

/** Nest's Fastify adapter. Errors of Fastify itself are answered as problems, and JSON is the only body. */
export class ProblemAdapter extends FastifyAdapter {
  readonly #respond: ProblemResponder;
  readonly #routes: { methods: readonly string[]; pattern: RegExp }[] = [];
  /** The methods of each address that has no parameters. */
  readonly #fixed = new Map<string, string[]>();

  constructor(respond: ProblemResponder, bodyLimitBytes: number) {
    super({
      bodyLimit: bodyLimitBytes,
      logger: false,
      skipMiddie: true,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Requests under way while the app stops are still answered.
      return503OnClosing: false,
      forceCloseConnections: 'idle',
      routerOptions: { maxParamLength: MOST_IN_PATH },
      // Node's own refusal of a missing Host has no body; `malformed` refuses it instead.
      http: { requireHostHeader: false },
      genReqId: (request: IncomingMessage) => traceparentOf(request.headers['traceparent']),
      frameworkErrors: respond,
      clientErrorHandler: answerBrokenHttp,
    });
    this.#respond = respond;
    const fastify = this.getInstance<FastifyInstance>();
    fastify.addHook('onRoute', ({ method, url }) => {
      const methods = Array.isArray(method) ? method : [method];
      this.#routes.push({ methods, pattern: patternOf(url) });
      if (!hasParameters(url)) this.#fixed.set(url, [...(this.#fixed.get(url) ?? []), ...methods]);
    });
    fastify.addHook('onRequest', (request, reply, done) => {
      reply.raw.setHeader('x-content-type-options', 'nosniff');
      // Answered before the body is read. Where there is no route, none has asked for a token.
      done(malformed(request.raw) ?? (this.#isElsewhere(request) ? this.#noRoute(request) : undefined));
    });
    // An unknown `Expect` may be ignored, and Node's refusal of it has no body.
    fastify.server.on('checkExpectation', (request, response) => {
      fastify.server.emit('request', request, response);
    });
    acceptJsonOnly(fastify);
  }

  // Nest calls these two to install its own handlers, whose answers have another shape.
  override setErrorHandler(): ReturnType<FastifyAdapter['setErrorHandler']> {
    return this.getInstance<FastifyInstance>().setErrorHandler((error, request, reply) =>
      this.#respond(error, request, reply),
    );
  }

  override setNotFoundHandler(): ReturnType<FastifyAdapter['setNotFoundHandler']> {
    return this.getInstance<FastifyInstance>().setNotFoundHandler((request, reply) =>
      this.#respond(this.#noRoute(request), request, reply),
    );
  }

  /** Also a fixed address, such as that of a search, with another method, which would take its name for an id. */
  #isElsewhere({ is404, url, routeOptions }: FastifyRequest): boolean {
    return is404 || (hasParameters(routeOptions.url!) && this.#fixed.has(pathOf(url)));
  }

  #noRoute(request: FastifyRequest): ProblemError {
    const path = pathOf(request.url);
    const methods =
      this.#fixed.get(path) ??
      this.#routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods);
    // A route that takes the method but found nothing, as for a page under /docs, does not refuse the method.
    if (methods.length === 0 || methods.includes(request.method)) return new ProblemError('not_found');
    return new ProblemError('method_not_allowed', {
      headers: { allow: [...new Set(methods)].sort().join(', ') },
    });
  }
}

/**
 * Refuses a request without Host or with two, or with a query that cannot be decoded. Fastify itself refuses such a
 * path, but would take such a query as it stands.
 */
function malformed({
  headers,
  rawHeaders,
  httpVersion,
  url = '',
}: IncomingMessage): ProblemError | undefined {
  const refused = (detail: string) => new ProblemError('malformed_request', { detail });
  if (headers.host === undefined && httpVersion !== '1.0') return refused('The header Host is missing.');
  if (isRepeated('host', rawHeaders)) return refused('The header Host is there more than once.');
  const query = url.indexOf('?');
  if (query === -1 || url.indexOf('%', query) === -1) return undefined;
  try {
    decodeURIComponent(url.slice(query));
    return undefined;
  } catch {
    return refused('A % in the query does not begin the UTF-8 of a character: send %25 for %.');
  }
}

/** @param rawHeaders names and values in turn */
function isRepeated(name: string, rawHeaders: readonly string[]): boolean {
  let times = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]!.length === name.length && rawHeaders[at]!.toLowerCase() === name) times += 1;
  }
  return times > 1;
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function hasParameters(route: string): boolean {
  return route.includes(':') || route.includes('*');
}

function patternOf(url: string): RegExp {
  const segments = url.split('/').map((segment) => {
    if (segment.startsWith(':')) return '[^/]+';
    if (segment === '*') return '.*';
    return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${segments.join('/')}/?$`);
}

function acceptJsonOnly(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    // Some clients name a content type even where they send no body.
    if (body.length === 0) return done(null, undefined);
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && !/^(identity)?$/i.test(encoding)) return done(encoded());
    if (!isUtf8(body as Buffer))
      return done(new ProblemError('malformed_json', { detail: 'The body is not UTF-8.' }));
    void parse(request, body.toString('utf8'), done);
  });
}

function encoded(): ProblemError {
  return new ProblemError('unsupported_media_type', {
    detail: 'A body with a Content-Encoding is not read: send it as it is, without that header.',
    headers: { 'accept-encoding': 'identity' },
  });
}

type BrokenHttp = NodeJS.ErrnoException & { readonly rawPacket?: unknown };

/**
 * Node counts the request line and the headers together. The line alone is too long where it is seen to be; one that
 * arrived in pieces is not.
 */
function tooLarge({ rawPacket }: BrokenHttp): ProblemCode {
  const line = Buffer.isBuffer(rawPacket) ? rawPacket.toString('latin1').split('\n', 1)[0]! : '';
  return line.length >= maxHeaderSize && /^[A-Z]+ \S+/.test(line) ? 'uri_too_long' : 'headers_too_large';
}

/** Bytes that are not HTTP reach no route and have no reply object: the answer goes straight to the socket. */
function answerBrokenHttp(error: BrokenHttp, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const underWay = answerUnderWay(socket);
  if (underWay?.req.complete === true) {
    // A whole request before these bytes is still being answered. An answer to them would be taken for that one's: it
    // is the last, and the client finds the connection closed. Where its head is sent, it has not said so.
    if (underWay.headersSent) underWay.once('close', () => socket.destroySoon());
    else underWay.shouldKeepAlive = false;
    return;
  }
  const code =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? tooLarge(error)
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request_timeout'
        : 'malformed_request';
  const problem = new ProblemError(code);
  const body = JSON.stringify(problemDocument(problem, traceIdOf(traceparentOf(undefined))));
  socket.end(
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n` +
      'content-type: application/problem+json; charset=utf-8\r\nconnection: close\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
