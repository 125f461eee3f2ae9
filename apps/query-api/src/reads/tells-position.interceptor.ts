import {
  Injectable,
  StreamableFile,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mergeMap, type Observable } from 'rxjs';
import { checkpointOf } from '#read-models/checkpoints.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import { askedOf } from '../request/asked.js';
import { Sources } from './sources.js';
import { tellPosition } from './tell-position.js';

/**
 * Adds to each answer, as `Order-Position`, a position that covers all that it shows: for reads that tell none
 * themselves.
 */
@Injectable()
export class TellsPosition implements NestInterceptor {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const asked = askedOf(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
    const readFrom = await this.#sources.models.read(({ rowsOf }) => Promise.resolve(rowsOf));
    return next.handle().pipe(
      mergeMap(async (answer: unknown) => {
        const reached = await this.#reached(readFrom).catch((error: unknown) => {
          // Nobody will read the answer, and an export holds a connection until its stream is read or destroyed.
          if (answer instanceof StreamableFile) answer.getStream().destroy();
          throw error;
        });
        tellPosition(asked, this.#sources.freshness, reached);
        return answer;
      }),
    );
  }

  /**
   * The checkpoint after the read, so that it covers what was read. When the active generation changed during the
   * read, the greater checkpoint of the two.
   */
  async #reached(readFrom: number): Promise<bigint | null> {
    return this.#sources.models.read(async ({ rowsOf }, pool) => {
      const positions = await Promise.all(
        [...new Set([readFrom, rowsOf])].map((generation) =>
          checkpointOf(pool, generation, ORDERS_PROJECTION),
        ),
      );
      return positions.reduce((most, one) => ((one ?? -1n) > (most ?? -1n) ? one : most));
    });
  }
}
