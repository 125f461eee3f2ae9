import { Problem, type Answer, type OrderlogClient } from '#client/orderlog-client.js';
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

type CommandAnswer = { readonly orderId: string; readonly events: readonly AnsweredEvent[] };

/** How a script went: whether anything was new, or why the service refused one of its commands. */
export type ScriptOutcome =
  | { readonly kind: 'done'; readonly orderId: string; readonly changed: boolean }
  | { readonly kind: 'refused'; readonly step: ScriptStep; readonly code: string; readonly line: string };

export interface RunnerOptions {
  readonly client: OrderlogClient;
  /** Told after each command. */
  readonly onStep: () => void;
  /** Between two commands: true ends the script there. */
  readonly stopped: () => boolean;
}

/** Ctrl-C: the script is cut off after a command, to be gone on with by the next run. */
export class Stopped extends CliError {}

/**
 * Sends one order's commands in order, each after the answer to the one before. Sent again, each is
 * answered again and changes nothing, by its Idempotency-Key.
 *
 * @throws NoAnswer or Problem when the service is away for too long
 * @throws CliError when it fails, or does not let us in
 * @throws Stopped
 */
export async function runScript(script: OrderScript, options: RunnerOptions): Promise<ScriptOutcome> {
  const ids = new Map<string, string>();
  let orderId = '';
  let changed = false;
  for (const step of script.steps) {
    if (options.stopped()) throw new Stopped('stopped');
    const answer = await sendStep(script, step, orderId, ids, options.client);
    if (answer instanceof Problem) return refusal(script, step, answer);
    options.onStep();
    const content = answer.body as CommandAnswer;
    changed ||= !answer.replayed && content.events.length > 0;
    orderId = content.orderId;
    learnIds(step, content.events, ids);
  }
  return { kind: 'done', orderId, changed };
}

async function sendStep(
  script: OrderScript,
  step: ScriptStep,
  orderId: string,
  ids: ReadonlyMap<string, string>,
  client: OrderlogClient,
): Promise<Answer<unknown> | Problem> {
  try {
    const request = {
      api: 'command',
      method: step.do === 'tags' ? 'PUT' : 'POST',
      path: step.do === 'place' ? '/v1/orders' : `/v1/orders/${orderId}/${fillRoute(step.do, ids)}`,
      body: fillBody(step.body, ids),
    } as const;
    return await client.send(request, { key: `${script.key}/${step.key}` });
  } catch (error) {
    if (error instanceof Problem) return error;
    if (!(error instanceof UnknownPlaceholder)) throw error;
    throw new CliError(`${script.name}: ${step.do}: ${error.message}`, { cause: error });
  }
}

/** What the service says about this order is an outcome; what it says about us, or about itself, ends the run. */
function refusal(script: OrderScript, step: ScriptStep, problem: Problem): ScriptOutcome {
  const line = `${script.name}: ${step.do}: ${problem.message}`;
  if (problem.status === 401) throw new CliError(`${line}: give a token that is valid with --token`);
  if (problem.status === 403) throw new CliError(`${line}: give a token with the scopes for it with --token`);
  if (problem.status >= 500 || problem.status === 429) throw new CliError(line);
  return { kind: 'refused', step, code: problem.code, line };
}
