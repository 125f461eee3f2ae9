import type { FastifyInstance } from 'fastify';
import { publicAccess } from '../auth/route-access.js';
import type { Logger } from '../logging.js';
import type { Draining } from './draining.js';

/** Resolves when a dependency can be used right now; rejects or hangs when not. */
export type ReadinessCheck = () => Promise<unknown>;

/** A check of a dependency that the app can do without: requests that do not need it are still answered. */
export interface LenientCheck {
  readonly check: ReadinessCheck;
  /** Whether the app can serve in spite of this. */
  readonly goesOnAfter: (failure: Error) => boolean;
}

const CHECK_TIMEOUT_MS = 2_000;

/**
 * `/health/live`: the process answers. `/health/ready`: every dependency can be used, else 503 with the names of
 * those that failed. A dependency that the app can do without is named as `away` and does not make it 503. The
 * reason of a failure is in the log, not in the answer, which anyone may read. An app that is being stopped is
 * never ready.
 */
export function serveHealth(
  fastify: FastifyInstance,
  checks: ReadonlyMap<string, ReadinessCheck | LenientCheck>,
  logger: Logger,
  draining: Pick<Draining, 'begun'>,
): void {
  const options = { config: { access: publicAccess } };
  fastify.get('/health/live', options, () => ({ status: 'live' }));
  fastify.get('/health/ready', options, async (_request, reply) => {
    if (draining.begun) {
      reply.code(503).header('retry-after', '1');
      return { status: 'stopping', checks: {} };
    }
    const results = await Promise.all(
      [...checks].map(async ([name, one]) => {
        const { check, goesOnAfter } = typeof one === 'function' ? strict(one) : one;
        const failure = await failureOf(check);
        if (failure === null) return [name, 'ok'] as const;
        const result = goesOnAfter(failure) ? 'away' : 'failed';
        logger.warn(
          { err: failure, check: name },
          result === 'away'
            ? 'readiness check failed; the app stays ready without it'
            : 'readiness check failed; the app is not ready',
        );
        return [name, result] as const;
      }),
    );
    const ready = results.every(([, result]) => result !== 'failed');
    if (!ready) reply.code(503).header('retry-after', '1');
    return { status: ready ? 'ready' : 'not_ready', checks: Object.fromEntries(results) };
  });
}

function strict(check: ReadinessCheck): LenientCheck {
  return { check, goesOnAfter: () => false };
}

async function failureOf(check: ReadinessCheck): Promise<Error | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    await Promise.race([check(), timeout]);
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
  }
}
