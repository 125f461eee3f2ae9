import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import { guardRoutes } from '../auth/auth.hook.js';
import type { TokenVerifier } from '../auth/token-verifier.js';
import { NestLogger, type Logger } from '../logging.js';
import { createProblemResponder, type ErrorTranslator } from '../problems/problem-response.js';
import { ProblemFilter } from '../problems/problem.filter.js';
import { serveDocs } from './docs.js';
import { Draining } from './draining.js';
import { serveHealth, type LenientCheck, type ReadinessCheck } from './health.js';
import { serveMetrics } from './metrics.js';
import type { ApiDescription } from './openapi.js';
import { ProblemAdapter } from './problem-adapter.js';
import { measureRequests } from './request-metrics.js';
import { sendElsewhere } from './stopping.js';
import { traceIdOf } from './trace.js';
import { DtoPipe } from './validation.pipe.js';

export interface HttpAppOptions {
  logger: Logger;
  api: ApiDescription;
  verifier: TokenVerifier;
  bodyLimitBytes: number;
  /** What `/health/ready` asks, by name: `{ postgres: () => pool.query('SELECT 1') }`. */
  readiness: Readonly<Record<string, ReadinessCheck | LenientCheck>>;
  /** The app's own errors as problems, e.g. its event store being away. */
  translateError?: ErrorTranslator;
  /** The app's own metrics, which `/metrics` shows besides those of process and requests. */
  metrics?: () => Promise<Registry>;
}

export interface HttpApp {
  readonly nest: NestFastifyApplication;
  readonly fastify: FastifyInstance;
  /** @returns the port it listens on; for port 0, the one that was chosen */
  listen(host: string, port: number): Promise<number>;
  /**
   * Turns readiness red and goes on serving for `delayMs`. Then sends new connections elsewhere, accepts no more,
   * answers the requests under way, and runs Nest's shutdown hooks.
   *
   * @param idleMs how long idle connections stay open after the delay
   */
  close(delayMs?: number, idleMs?: number): Promise<void>;
}

/**
 * Nest on Fastify as all our APIs use it: with access checks, validation, problems for errors, docs and health.
 */
export async function createHttpApp(
  rootModule: Parameters<typeof NestFactory.create>[0],
  options: HttpAppOptions,
): Promise<HttpApp> {
  const { logger, verifier } = options;
  const respond = createProblemResponder(logger, options.translateError ?? (() => undefined));
  const adapter = new ProblemAdapter(respond, options.bodyLimitBytes);
  const fastify = adapter.getInstance<FastifyInstance>();
  const draining = new Draining(fastify.server, sendElsewhere);
  logRequests(fastify, logger);
  const requests = measureRequests(fastify);
  guardRoutes(fastify, verifier);
  const nest = await NestFactory.create<NestFastifyApplication>(rootModule, adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(logger),
  });
  nest.useGlobalPipes(new DtoPipe());
  nest.useGlobalFilters(new ProblemFilter(respond));
  serveHealth(fastify, new Map(Object.entries(options.readiness)), logger, draining);
  serveMetrics(fastify, async () => requests, ...(options.metrics ? [options.metrics] : []));
  serveDocs(fastify, nest, options.api);
  await nest.init();
  await fastify.ready();
  return {
    nest,
    fastify,
    async listen(host, port) {
      await nest.listen(port, host);
      return (nest.getHttpServer().address() as AddressInfo).port;
    },
    async close(delayMs = 0, idleMs?: number) {
      draining.begin();
      await setTimeout(delayMs);
      await draining.end(idleMs);
      await nest.close();
    },
  };
}

/** One log line per request, at level `debug` only: at full load it would cost more than the request. */
function logRequests(fastify: FastifyInstance, logger: Logger): void {
  if (!logger.isLevelEnabled('debug')) return;
  fastify.addHook('onResponse', (request, reply, done) => {
    const { method, url, principal } = request;
    const elapsedMs = Math.round(reply.elapsedTime);
    const traceId = traceIdOf(request.id);
    logger.debug(
      { method, url, status: reply.statusCode, elapsedMs, traceId, tenantId: principal?.tenantId },
      'request',
    );
    done();
  });
}
