import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { tap, type Observable } from 'rxjs';
import { askedOf } from '../request/asked.js';
import { Sources } from './sources.js';

/**
 * Tells with each answer what it shows at least, as `Order-Position`: who sends the last one it saw with its next
 * read, wherever that is answered, never sees less than before.
 */
@Injectable()
export class TellsPosition implements NestInterceptor {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const { consistentWith } = askedOf(http.getRequest<FastifyRequest>(), reply);
    // Known before the read begins: what is read later may be more, not less.
    const token = this.#sources.freshness.tokenNow(consistentWith);
    return next.handle().pipe(
      tap(() => {
        if (token !== null) void reply.header('order-position', token);
      }),
    );
  }
}
