import { createLogger, type Logger } from './logging.js';

export interface RunningApp {
  /** The port it listens on, if any; told to the parent process. */
  port?: number;
  /** How long `close` goes on answering before it begins to drain. It is added to the limit for draining. */
  drainDelayMs?: number;
  /** Finishes what is under way and lets go of everything. Called once. */
  close(): Promise<void>;
}

const DRAIN_LIMIT_MS = 10_000;

/**
 * Runs an app as a process, from its start to its exit code. The parent, if it opened an IPC channel,
 * gets `{ type: 'ready', port }`. SIGTERM, SIGINT or the parent's death drain the app and end it with
 * 0; a second signal, or draining that takes too long, ends it at once with 1. A failing start prints one line and
 * ends with 1.
 */
export async function runApp(name: string, start: (logger: Logger) => Promise<RunningApp>): Promise<void> {
  let logger: Logger;
  let app: Promise<RunningApp>;
  try {
    logger = createLogger(name);
    dieOnLostErrors(logger);
    // Starts after the signal handlers are installed: a signal that comes while the app starts is handled.
    app = Promise.resolve(logger).then(start);
    drainOnSignals(logger, app);
    const { port } = await app;
    process.send?.({ type: 'ready', ...(port === undefined ? {} : { port }) });
    logger.info({ port }, 'ready');
  } catch (error) {
    process.stderr.write(`${name}: ${describeStartFailure(error)}\n`);
    process.exit(1);
  }
}

/** One line that tells a person why an app did not start. */
export function describeStartFailure(error: unknown): string {
  const first =
    error instanceof AggregateError && error.errors.length > 0 ? (error.errors[0] as unknown) : error;
  if (!(first instanceof Error)) return oneLine(String(first));
  const { code, port, address, hostname, path } = first as SystemError;
  const place = `${address ?? 'localhost'}:${String(port ?? '?')}`;
  if (code === 'EADDRINUSE')
    return `port ${String(port ?? '?')} is taken (${place}): stop what listens there or choose another`;
  if (code === 'EACCES' && port !== undefined) return `port ${port} is not allowed: choose one above 1023`;
  if (code === 'ECONNREFUSED') return `nothing answers at ${place}: is it running?`;
  if (code === 'ENOTFOUND' && hostname !== undefined)
    return `no host has the name ${hostname} (${code}): is the address right?`;
  if (code === 'EAI_AGAIN' && hostname !== undefined)
    return `the name ${hostname} cannot be looked up (${code}): does the name service answer?`;
  if (code === 'ENOTDIR' && path !== undefined)
    return `${path} cannot be there, because something above it is no folder: give another folder`;
  const message = oneLine(first.message || first.name);
  if (code === NO_SUCH_TABLE)
    return `the database lacks what a projector of this release makes at its start (${message}): start one, or give another address`;
  if (POSTGRES_SILENT.test(message))
    return `PostgreSQL does not answer (${message}): is it running, and is its address right?`;
  const away = STORE_AWAY.exec(
    oneLine((first.cause as Partial<Error> | null | undefined)?.message ?? ''),
  )?.[1];
  if (away !== undefined)
    return `the event store is away (${away}): is it running, and is its address right?`;
  return message;
}

type SystemError = NodeJS.ErrnoException & { port?: number; address?: string; hostname?: string };

const NO_SUCH_TABLE = '42P01';
// The clients of PostgreSQL and of the event store tell these errors by their messages alone. The event store's is the
// cause of ours: errors that say more, such as how to go on, have it further down.
const POSTGRES_SILENT =
  /^(Connection terminated due to connection timeout|timeout exceeded when trying to connect|timeout expired)$/;
// An embedded one that answers says that its storage is away: that is no matter of an address.
const STORE_AWAY =
  /^(?:14 UNAVAILABLE: (?!the storage )|(?=Failed to discover))(.*?)\.?( Resolution note:.*)?$/;

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

// After an unhandled error the state of the process is unknown, so it ends.
function dieOnLostErrors(logger: Logger): void {
  const die = (err: unknown) => {
    logger.fatal({ err }, 'unhandled error');
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}

function drainOnSignals(logger: Logger, starting: Promise<RunningApp>): void {
  let draining = false;
  const drain = (reason: string) => {
    if (draining) return;
    draining = true;
    logger.info({ reason }, 'draining');
    let limit = endAfter(DRAIN_LIMIT_MS, logger);
    starting
      .then((app) => {
        clearTimeout(limit);
        limit = endAfter(DRAIN_LIMIT_MS + (app.drainDelayMs ?? 0), logger);
        return app.close();
      })
      .then(
        () => process.exit(0),
        (err: unknown) => {
          logger.error({ err }, 'draining failed');
          process.exit(1);
        },
      );
  };
  let signals = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals === 1) return drain(signal);
      logger.error({ reason: signal }, 'second stop signal: exiting at once');
      process.exit(1);
    });
  }
  process.on('disconnect', () => drain('parent gone'));
}

function endAfter(limitMs: number, logger: Logger): NodeJS.Timeout {
  return setTimeout(() => {
    logger.error({ limitMs }, 'draining took too long; exiting anyway');
    process.exit(1);
  }, limitMs).unref();
}
