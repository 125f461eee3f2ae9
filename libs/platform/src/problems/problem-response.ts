import { HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { traceIdOf } from '../http/trace.js';
import type { Logger } from '../logging.js';
import { isUnavailable } from '../postgres.js';
import { ProblemError, problems, type ProblemCode } from './problems.js';

/** Turns an app's own errors (a store that is away, say) into problems; undefined: not one of these errors. */
export type ErrorTranslator = (error: unknown) => ProblemError | undefined;

export type ProblemResponder = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void;

const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'payload_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  429: 'too_many_requests',
  431: 'headers_too_large',
  503: 'shutting_down',
};

const JSON_ERRORS = new Set(['FST_ERR_CTP_INVALID_JSON_BODY', 'FST_ERR_CTP_EMPTY_JSON_BODY']);

/** The one place where errors become answers: RFC 9457 problem documents. */
export function createProblemResponder(logger: Logger, translate: ErrorTranslator): ProblemResponder {
  return (error, request, reply) => {
    const problem = isByClient(error, request) ? goneError(error) : problemOf(error, translate);
    if (problem.status >= 500) {
      const level = problem.code === 'internal_error' ? 'error' : 'warn';
      logger[level](
        { err: error, traceId: traceIdOf(request.id), method: request.method, url: request.url },
        problem.code,
      );
    }
    if (reply.sent || reply.raw.headersSent) return; // a stream broke off half way: nothing more to say
    void reply
      .code(problem.status)
      .headers(problem.headers)
      .header('content-type', 'application/problem+json; charset=utf-8')
      .header('x-content-type-options', 'nosniff')
      .send(JSON.stringify(problemDocument(problem, traceIdOf(request.id))));
  };
}

/** Whether the client broke off its own body, or the answer to it. Nobody sees the answer to that. */
function isByClient(error: unknown, { raw }: FastifyRequest): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return raw.socket.destroyed && (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE');
}

function goneError(error: unknown): ProblemError {
  return new ProblemError('malformed_request', { detail: 'The client has broken off.', cause: error });
}

export function problemDocument(problem: ProblemError, traceId: string): Record<string, unknown> {
  return {
    type: `urn:orderlog:problem:${problem.code}`,
    title: problems[problem.code].title,
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    traceId,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
    ...problem.extras,
  };
}

function problemOf(error: unknown, translate: ErrorTranslator = () => undefined): ProblemError {
  if (error instanceof ProblemError) return error;
  const translated = translate(error);
  if (translated) return translated;
  if (isUnavailable(error)) return new ProblemError('read_models_unavailable', { cause: error });
  if (error instanceof SyntaxError && statusOf(error) === 400) return new ProblemError('malformed_json');
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'string' && JSON_ERRORS.has(code)) return new ProblemError('malformed_json');
  const status = statusOf(error);
  const known = status === undefined ? undefined : CODE_OF_STATUS[status];
  return new ProblemError(
    known ?? (status !== undefined && status < 500 ? 'malformed_request' : 'internal_error'),
    {
      cause: error,
    },
  );
}

// Only errors of Fastify and Nest carry a status that is meant for the client. Other errors, of ours or of other
// libraries, may have such a property by chance.
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode, code } = (error ?? {}) as { statusCode?: unknown; code?: unknown };
  const isFastify = error instanceof SyntaxError || (typeof code === 'string' && code.startsWith('FST_'));
  return isFastify && typeof statusCode === 'number' ? statusCode : undefined;
}
