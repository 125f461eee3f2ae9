import type { ApiAnswer } from '../support/api-answer.js';
import { describeProblem, problemOf, type ApiClient } from '../support/api-client.js';
import { CliError } from '../support/cli-error.js';
import {
  fillBody,
  fillRoute,
  learnIds,
  UnknownPlaceholder,
  type AnsweredEvent,
  type OrderScript,
  type ScriptStep,
} from './order-script.js';

/** How a script went: whether anything was new, or why the service refused one of its commands. */
export type ScriptOutcome =
  | { readonly kind: 'done'; readonly orderId: string; readonly changed: boolean }
  | { readonly kind: 'refused'; readonly step: ScriptStep; readonly code: string; readonly line: string };

export interface RunnerOptions {
  readonly api: ApiClient;
  /** Told after each command, with the `Order-Position` of its answer. */
  readonly onStep: (position: string | null) => void;
  /** Between two commands: true ends the script there. */
  readonly stopped: () => boolean;
}

/** Ctrl-C: the script is cut off after a command, to be gone on with by the next run. */
export class Stopped extends CliError {}

/**
 * Sends one order's commands in order, each after the answer to the one before. Sent again, each is
 * answered again and changes nothing, by its Idempotency-Key.
 *
 * @throws CliError when the service is away for too long, fails, or does not let us in.
 * @throws Stopped
 */
export async function runScript(script: OrderScript, options: RunnerOptions): Promise<ScriptOutcome> {
  const ids = new Map<string, string>();
  let orderId = '';
  let changed = false;
  for (const step of script.steps) {
    if (options.stopped()) throw new Stopped('stopped');
    const answer = await sendStep(script, step, orderId, ids, options.api);
    if (answer.status !== 200 && answer.status !== 201) return refusal(script, step, answer);
    options.onStep(headerOf(answer, 'order-position'));
    const isReplay = headerOf(answer, 'idempotent-replayed') === 'true';
    const isNew = !isReplay && !answer.text.includes('"events":[]');
    changed ||= isNew;
    if (step.do === 'place' || step.as !== undefined) {
      const content = JSON.parse(answer.text) as { orderId: string; events: AnsweredEvent[] };
      orderId = content.orderId;
      learnIds(step, content.events, ids);
    }
  }
  return { kind: 'done', orderId, changed };
}

async function sendStep(
  script: OrderScript,
  step: ScriptStep,
  orderId: string,
  ids: ReadonlyMap<string, string>,
  api: ApiClient,
): Promise<ApiAnswer> {
  try {
    return await api.send({
      method: step.do === 'tags' ? 'PUT' : 'POST',
      path: step.do === 'place' ? '/v1/orders' : `/v1/orders/${orderId}/${fillRoute(step.do, ids)}`,
      headers: { 'idempotency-key': `${script.key}/${step.key}` },
      body: fillBody(step.body, ids),
    });
  } catch (error) {
    if (!(error instanceof UnknownPlaceholder)) throw error;
    throw new CliError(`${script.name}: ${step.do}: ${error.message}`, { cause: error });
  }
}

/** What the service says about this order is an outcome; what it says about us, or about itself, ends the run. */
function refusal(script: OrderScript, step: ScriptStep, answer: ApiAnswer): ScriptOutcome {
  const line = `${script.name}: ${step.do}: ${describeProblem(answer)}`;
  if (answer.status === 401) throw new CliError(`${line}: give a token that is valid with --token`);
  if (answer.status === 403) throw new CliError(`${line}: give a token with the scopes for it with --token`);
  if (answer.status >= 500 || answer.status < 400) throw new CliError(line);
  return { kind: 'refused', step, code: problemOf(answer).code, line };
}

function headerOf(answer: ApiAnswer, name: string): string | null {
  const value = answer.headers[name];
  return typeof value === 'string' ? value : null;
}
