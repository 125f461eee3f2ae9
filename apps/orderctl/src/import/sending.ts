import type { OrderlogClient, Retry } from '#client/orderlog-client.js';
import { CliError } from '../support/cli-error.js';
import { onInterruption, Stopped } from '../support/interruption.js';
import { nowAndThen } from '../support/now-and-then.js';
import { inFlight } from './in-flight.js';
import type { OrderScript } from './order-script.js';
import { Progress } from '../support/progress.js';
import { runScript, type ScriptOutcome } from './script-runner.js';

export interface SendingOptions<T> {
  readonly client: OrderlogClient;
  readonly orders: Iterable<T> | AsyncIterable<T>;
  readonly scriptOf: (order: T) => OrderScript;
  readonly onOutcome: (order: T, outcome: ScriptOutcome) => void;
  readonly totalCommands: number;
  /** How many orders are in flight at once. */
  readonly concurrency: number;
  readonly progress: Progress;
}

/**
 * Sends the scripts of many orders at once, and the commands of each order in sequence. Then it waits until the read
 * models show what was sent: a query after that sees all of it.
 *
 * @returns the seconds that sending took
 * @throws CliError, Problem or NoAnswer when the service fails or stays away, CliError on Ctrl-C
 */
export async function sendScripts<T>(options: SendingOptions<T>): Promise<number> {
  const startedMs = Date.now();
  let seconds: number | null = null;
  const stop = onInterruption(
    (line) => options.progress.tell(line),
    () => (seconds === null ? 'the commands under way' : 'all commands were sent'),
  );
  const onStep = () => options.progress.advance(1);
  try {
    await inFlight(options.orders, options.concurrency, async (order) => {
      if (stop.asked()) throw new Stopped('stopped');
      const script = options.scriptOf(order);
      const runner = { client: options.client, onStep, stopped: stop.asked };
      options.onOutcome(order, await runScript(script, runner));
    });
    seconds = (Date.now() - startedMs) / 1_000;
    await options.client.listOrders({ limit: 1 }, { signal: stop.signal });
    return seconds;
  } catch (error) {
    const isStop = error instanceof Stopped || error === stop.signal.reason;
    if (!isStop) throw error;
    const line =
      seconds === null
        ? 'stopped: run the same command again to go on from here'
        : 'stopped: all commands were sent, but the read models may not show everything yet';
    throw new CliError(line, { cause: error });
  } finally {
    stop.forget();
  }
}

const NOTICE_EVERY_MS = 3_000;

/** Reports that the service is away, at most every few seconds however many requests notice it. */
export function waitingNotice(progress: () => Progress | null): (retry: Retry) => void {
  return nowAndThen(({ reason }: Retry) => progress()?.tell(`waiting: the service ${reason}`), {
    first: 'at once',
    everyMs: NOTICE_EVERY_MS,
  });
}
