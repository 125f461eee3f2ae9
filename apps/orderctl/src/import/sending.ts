import { decodeOrderPosition, encodeOrderPosition, type OrderPosition } from '#platform/order-position.js';
import { ApiClient } from '../support/api-client.js';
import { CliError } from '../support/cli-error.js';
import { onInterruption } from '../support/interruption.js';
import { inFlight } from './in-flight.js';
import type { OrderScript } from './order-script.js';
import { Progress } from './progress.js';
import { runScript, Stopped, type ScriptOutcome } from './script-runner.js';

export interface SendingOptions<T> {
  readonly commandApi: ApiClient;
  readonly orders: Iterable<T> | AsyncIterable<T>;
  readonly scriptOf: (order: T) => OrderScript;
  readonly onOutcome: (order: T, outcome: ScriptOutcome) => void;
  readonly totalCommands: number;
  /** Orders in flight. */
  readonly concurrency: number;
  readonly progress: Progress;
}

export interface SendingResult {
  /** Of the latest change: what read models must have reached to show everything. */
  readonly position: string | null;
  readonly seconds: number;
}

/**
 * Sends the scripts, many orders at once, each order's commands in sequence.
 *
 * @throws CliError when the service fails or stays away, or on Ctrl-C.
 */
export async function sendScripts<T>(options: SendingOptions<T>): Promise<SendingResult> {
  const startedMs = Date.now();
  const stop = onInterruption((line) => options.progress.tell(line), 'the commands under way');
  let reached: OrderPosition | null = null;
  const onStep = (token: string | null) => {
    options.progress.advance(1);
    const told = token === null ? null : decodeOrderPosition(token);
    if (told !== null && (reached === null || told.position > reached.position)) reached = told;
  };
  try {
    await inFlight(options.orders, options.concurrency, async (order) => {
      if (stop.asked()) throw new Stopped('stopped');
      const script = options.scriptOf(order);
      const runner = { api: options.commandApi, onStep, stopped: stop.asked };
      options.onOutcome(order, await runScript(script, runner));
    });
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    throw new CliError('stopped: the same command again goes on from here', { cause: error });
  } finally {
    stop.forget();
  }
  const position = positionOf(reached);
  return { position, seconds: (Date.now() - startedMs) / 1_000 };
}

function positionOf(reached: OrderPosition | null): string | null {
  return reached === null ? null : encodeOrderPosition({ ...reached, orderId: null, revision: null });
}

/** Until the read models show what was sent: whoever asks for totals next gets these. */
export async function untilVisible(queryApi: ApiClient, position: string): Promise<void> {
  await queryApi.get('/v1/orders?limit=1', { 'consistent-with': position });
}

/** Reports that the service is away at most every few seconds, whichever of the requests finds out. */
export function waitingNotice(progress: () => Progress | null): (reason: string) => void {
  let toldMs = 0;
  return (reason) => {
    if (Date.now() - toldMs < 3_000) return;
    toldMs = Date.now();
    progress()?.tell(`waiting: the service ${reason}`);
  };
}
