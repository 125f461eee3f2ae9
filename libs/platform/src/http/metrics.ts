import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { publicAccess } from '../auth/route-access.js';

let ofProcess: Registry | null = null;

/** Metrics of Node and the process: memory, CPU, event loop, garbage collection. One registry for all callers. */
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
 * @param others further registries, asked for at each request
 */
export function serveMetrics(
  fastify: FastifyInstance,
  ...others: readonly (() => Promise<Registry>)[]
): void {
  const known = processMetrics();
  fastify.get('/metrics', { config: { access: publicAccess } }, async (_request, reply) => {
    reply.header('content-type', known.contentType);
    const registries = [known, ...(await Promise.all(others.map((other) => other())))];
    const texts = await Promise.all(registries.map((registry) => registry.metrics()));
    return texts.join('');
  });
}
