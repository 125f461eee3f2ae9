import type { Registry } from 'prom-client';
import { createHttpApp, type HttpApp } from '#platform/http/http-app.js';
import type { ReadinessCheck } from '#platform/http/health.js';
import type { TokenVerifier } from '#platform/auth/token-verifier.js';
import type { Logger } from '#platform/logging.js';
import { commandApiDescription } from './api-description.js';
import { CommandApiModule } from './command-api.module.js';
import type { CommandHandling } from './dispatch/command-handling.js';
import type { CommandOptions } from './dispatch/command-options.js';
import { problemOfCommand } from './dispatch/problem-of-command.js';

/** Larger than an order of 2,000 lines with every text at its limit, in plain letters. */
export const BODY_LIMIT_BYTES = 2 * 1024 * 1024;

export interface CommandHttpOptions extends CommandOptions {
  readonly logger: Logger;
  readonly verifier: TokenVerifier;
  readonly checkEventStore: ReadinessCheck;
  readonly metrics?: () => Promise<Registry>;
}

/** The command API with `handling` behind it, not yet listening. */
export function createCommandHttpApp(
  handling: CommandHandling,
  { logger, verifier, checkEventStore, metrics, ...options }: CommandHttpOptions,
): Promise<HttpApp> {
  return createHttpApp(CommandApiModule.over(handling, options), {
    logger,
    api: commandApiDescription,
    verifier,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    readiness: { eventStore: checkEventStore },
    translateError: problemOfCommand,
    ...(metrics && { metrics }),
  });
}
