import { writeSync } from 'node:fs';
import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
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
  return pino(
    {
      name: appName,
      level,
      // The name of the level reads better than its number, and log stores understand it.
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['req.headers.authorization', 'headers.authorization', 'token'],
    },
    new LinesOrNothing(STDOUT),
  );
}

const STDOUT = 1;
/** A pipe whose reader is slow takes nothing for a moment. */
const FULL_PIPE = { tries: 20, waitMs: 10 };

/**
 * Writes lines at once, so that the last ones of a process are there, and leaves out what cannot be written: pino's own
 * stream waits for a full disk with the whole process, for ever. What was left out is not told, as there is no place to.
 */
class LinesOrNothing implements DestinationStream {
  readonly #fd: number;
  #isCut = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): void {
    let rest = Buffer.from(this.#isCut ? `\n${line}` : line);
    for (let tries = 0; rest.length > 0 && tries < FULL_PIPE.tries;) {
      try {
        rest = rest.subarray(writeSync(this.#fd, rest));
        this.#isCut = rest.length > 0;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
        tries += 1;
        Atomics.wait(SLEEPER, 0, 0, FULL_PIPE.waitMs);
      }
    }
  }
}

/** Nobody wakes it: a wait for it is a pause of the whole process. */
const SLEEPER = new Int32Array(new SharedArrayBuffer(4));

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
