import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { publicAccess } from '../auth/access.js';

let ofProcess: Registry | null = null;

/** Of Node and of the process: memory, CPU, event loop, garbage collection. One registry, however often it is asked for. */
function processMetrics(): Registry {
  if (ofProcess === null) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

/**
 * `/metrics`, in the text format of Prometheus (version 0.0.4). Anyone who reaches the port may read it: it names no
 * customer and no amount.
 *
 * @param more what the app tells beside its process, made anew for each request
 */
export function serveMetrics(fastify: FastifyInstance, more?: () => Promise<Registry>): void {
  const known = processMetrics();
  fastify.get('/metrics', { config: { access: publicAccess } }, async (_request, reply) => {
    const own = await more?.();
    reply.header('content-type', known.contentType);
    return `${await known.metrics()}${own === undefined ? '' : await own.metrics()}`;
  });
}
