import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ProblemResponder } from './problem-response.js';

/** Answers every error thrown in a Nest handler, interceptor or pipe as a problem. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #respond: ProblemResponder;

  constructor(respond: ProblemResponder) {
    this.#respond = respond;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.#respond(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }
}
