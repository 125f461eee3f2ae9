import { Problem, type Answer, type CallOptions, type OrderlogClient } from '#client/orderlog-client.js';
import { CliError } from '../support/cli-error.js';
import { Stopped } from '../support/interruption.js';
import {
  fillBody,
  fillRoute,
  learnIds,
  UnknownPlaceholder,
  type AnsweredEvent,
  type OrderScript,
  type ScriptIds,
  type ScriptStep,
} from './order-script.js';

interface CommandAnswer {
  readonly orderId: string;
  /** Of the order after it. */
  readonly revision: number;
  readonly events: readonly AnsweredEvent[];
}

interface Refused {
  readonly kind: 'refused';
  readonly step: ScriptStep;
  readonly code: string;
  readonly line: string;
}

/** How a script went: whether anything was new, or why one of its commands was not done. */
export type ScriptOutcome =
  { readonly kind: 'done'; readonly orderId: string; readonly changed: boolean } | Refused;

/** The order is at another revision than the command was for. */
const FURTHER = 'precondition_failed';
/** Of ours: no command before has made an id of that name. */
const UNKNOWN_ID = 'unknown_placeholder';

export interface RunnerOptions {
  readonly client: OrderlogClient;
  /** Told after each command. */
  readonly onStep: () => void;
  /** Between two commands: true ends the script there, to be gone on with by the next run. */
  readonly stopped: () => boolean;
}

/** What the answers told so far. */
interface Told {
  /** null: the order is not placed yet. */
  readonly order: { readonly id: string; readonly revision: number } | null;
  readonly ids: ScriptIds;
}

/**
 * Sends one order's commands in order, each after the answer to the one before. What an order remembers
 * by its Idempotency-Key is answered again and changes nothing.
 *
 * It does not remember a command that found nothing to do. So in a guarded script each command is for the
 * order as the one before left it: sent again to an order that is further, it is refused (412), and not
 * done in the wrong place. When the order remembers a later one, it had been done in its time. When it
 * remembers none, somebody else has changed the order: nobody can tell then whether it was done, and it is
 * left to people. No command is decided meanwhile, since the order never comes back to that revision.
 *
 * @throws NoAnswer or Problem when the service is away for too long
 * @throws CliError when it fails, does not let us in, or is not who answers
 * @throws Stopped
 */
export async function runScript(script: OrderScript, options: RunnerOptions): Promise<ScriptOutcome> {
  const ids = new Map<string, string>();
  let order: Told['order'] = null;
  let changed = false;
  let inDoubt: Refused | null = null; // the first command since the last answer
  for (const step of script.steps) {
    if (options.stopped()) throw new Stopped('stopped');
    const sent = await sendStep(script, step, { order, ids }, options.client);
    if (isRefused(sent) && !isDoubt(sent, inDoubt)) return sent;
    options.onStep();
    if (isRefused(sent)) {
      inDoubt ??= sent;
      continue;
    }
    const { orderId, revision, events } = sent.body as CommandAnswer;
    inDoubt = null;
    changed ||= !sent.replayed && events.length > 0;
    order = { id: orderId, revision };
    learnIds(step, events, ids);
  }
  return inDoubt ?? { kind: 'done', orderId: order?.id ?? '', changed };
}

/** An id that is not known was perhaps made by the command in doubt; a later command may need none. */
function isDoubt({ code }: Refused, inDoubt: Refused | null): boolean {
  return code === FURTHER || (code === UNKNOWN_ID && inDoubt !== null);
}

const isRefused = (sent: Answer<unknown> | Refused): sent is Refused => 'kind' in sent;

async function sendStep(
  script: OrderScript,
  step: ScriptStep,
  { order, ids }: Told,
  client: OrderlogClient,
): Promise<Answer<unknown> | Refused> {
  try {
    const request = {
      api: 'command',
      method: step.do === 'tags' ? 'PUT' : 'POST',
      path: order === null ? '/v1/orders' : `/v1/orders/${order.id}/${fillRoute(step.do, ids)}`,
      body: fillBody(step.body, ids),
    } as const;
    const condition = order === null ? {} : conditionOn(order.revision, script);
    return await client.send(request, { key: `${script.key}/${step.key}`, ...condition });
  } catch (error) {
    if (error instanceof Problem) return refusal(script, step, error, order === null);
    if (!(error instanceof UnknownPlaceholder)) throw error;
    const line = `${script.name}: ${step.do}: ${error.message}`;
    return { kind: 'refused', step, code: UNKNOWN_ID, line };
  }
}

/** Said either way: a service may ask every change of an order for it. */
function conditionOn(revision: number, { guarded }: OrderScript): CallOptions {
  return guarded ? { ifMatch: revision } : { headers: { 'if-match': '*' } };
}

/** With these the service says no to a command (docs/import-ndjson.md). */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 409, 412, 413, 422]);
/** Of those, what whoever is not command-api says of its address, and command-api of a command that there is not. */
const NOT_THERE = 'not_found';

/** What the service says about this order is an outcome; what it says about us, or about itself, ends the run. */
function refusal(script: OrderScript, step: ScriptStep, problem: Problem, isFirst: boolean): Refused {
  const about = `${script.name}: ${step.do}`;
  const line = `${about}: ${problem.message}`;
  if (problem.status === 401) throw new CliError(`${line}: give a token that is valid with --token`);
  if (problem.status === 403) throw new CliError(`${line}: give a token with the scopes for it with --token`);
  if (problem.status >= 500 || problem.status === 429) throw new CliError(line);
  const { code } = problem;
  // What is in between, or stands at a wrong address, says nothing of an order.
  const isOfService = problem.document['type'] === `urn:orderlog:problem:${code}`;
  const isOfAddress = code === NOT_THERE && isFirst; // later ones follow an answer of command-api's
  if (!REFUSALS.has(problem.status) || !isOfService || isOfAddress) {
    throw new CliError(
      `${line}: that is no answer about an order: check --command-url, and what stands before command-api`,
    );
  }
  if (code !== FURTHER) return { kind: 'refused', step, code, line };
  const from = `commands[${script.steps.indexOf(step)}]`;
  const why = `somebody else has changed the order since the command before; ${from} and those after it are left out`;
  return { kind: 'refused', step, code, line: `${about}: ${why}` };
}
