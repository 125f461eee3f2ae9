import type { LoggerService } from '@nestjs/common';
import { pino, type Logger } from 'pino';
import { readConfig } from './config.js';
import { envOneOf } from './env-settings.js';

export type { Logger } from 'pino';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * The app's log: one JSON object a line on stdout, as much of it as ORDERLOG_LOG_LEVEL says.
 *
 * @throws ConfigError when ORDERLOG_LOG_LEVEL is not a level.
 */
export function createLogger(appName: string, level: LogLevel = levelFromEnvironment()): Logger {
  return pino({
    name: appName,
    level,
    // The name of the level reads better than its number, and log stores understand it.
    formatters: { level: (label) => ({ level: label }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['req.headers.authorization', 'headers.authorization', 'token'],
  });
}

/** Lets Nest log through our logger. What it says about modules and routes goes to `debug`. */
export class NestLogger implements LoggerService {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  log(message: unknown, ...details: unknown[]): void {
    this.#write('debug', message, details);
  }

  error(message: unknown, ...details: unknown[]): void {
    this.#write('error', message, details);
  }

  warn(message: unknown, ...details: unknown[]): void {
    this.#write('warn', message, details);
  }

  debug(message: unknown, ...details: unknown[]): void {
    this.#write('debug', message, details);
  }

  verbose(message: unknown, ...details: unknown[]): void {
    this.#write('trace', message, details);
  }

  fatal(message: unknown, ...details: unknown[]): void {
    this.#write('fatal', message, details);
  }

  // Nest passes its context (a class name) last, and for errors a stack before it.
  #write(level: Exclude<LogLevel, 'silent'>, message: unknown, details: readonly unknown[]): void {
    const context = details.at(-1);
    const stack = level === 'error' && details.length > 1 ? details[0] : undefined;
    const fields = { context, ...(stack === undefined ? {} : { stack }) };
    if (message instanceof Error) this.#logger[level]({ ...fields, err: message }, message.message);
    else this.#logger[level](fields, typeof message === 'string' ? message : JSON.stringify(message));
  }
}

function levelFromEnvironment(): LogLevel {
  return readConfig({ level: envOneOf('ORDERLOG_LOG_LEVEL', logLevels, 'info') }).level;
}
