import { isCommandAnswer } from '#client/answers.js';
import { operations } from '#client/generated/operations.js';
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
  /** Revision of the order after the command. */
  readonly revision: number;
  readonly events: readonly AnsweredEvent[];
}

interface Refused {
  readonly kind: 'refused';
  readonly step: ScriptStep;
  readonly code: string;
  readonly line: string;
}

/** The outcome of a script: whether anything was new, or which command was not done and why. */
export type ScriptOutcome =
  { readonly kind: 'done'; readonly orderId: string; readonly changed: boolean } | Refused;

/** The problem code for an order at another revision than the command was for. */
const FURTHER = 'precondition_failed';
/** A code of this runner: no earlier command has made an id of that name. */
const UNKNOWN_ID = 'unknown_placeholder';

export interface RunnerOptions {
  readonly client: OrderlogClient;
  /** Told after each command. */
  readonly onStep: () => void;
  /** Asked before each command: true ends the script there. The next run goes on with it. */
  readonly stopped: () => boolean;
}

/** What the answers have told so far. */
interface Told {
  /** null: the order is not placed yet. */
  readonly order: { readonly id: string; readonly revision: number } | null;
  readonly ids: ScriptIds;
}

/**
 * Sends one order's commands in order, each after the answer to the one before. A command that the order remembers
 * by its Idempotency-Key is answered again and changes nothing.
 *
 * An order does not remember a command that found nothing to do. So in a guarded script each command applies to
 * the order at the revision that the command before left. When a repeated run sends such a command to an order
 * that has moved on, the order refuses it (412) instead of applying it to a later state. If the order remembers a
 * later command of the script, the refused one was handled in an earlier run. If it remembers none, somebody else
 * has changed the order: whether the refused command was handled cannot be told, and a person has to decide.
 * Meanwhile none of the commands after it can take effect, because the order never returns to that revision.
 *
 * @throws NoAnswer or Problem when the service is away for too long
 * @throws CliError when the service fails, refuses the token, or is not command-api
 * @throws Stopped when a stop was asked for
 */
export async function runScript(script: OrderScript, options: RunnerOptions): Promise<ScriptOutcome> {
  const ids = new Map<string, string>();
  let order: Told['order'] = null;
  let changed = false;
  let inDoubt: Refused | null = null; // the first command refused since the last answer
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

/** The command in doubt may have made the unknown id. A later command may need no such id. */
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
      method: replacing.some((route) => route.test(step.do)) ? 'PUT' : 'POST',
      path: order === null ? '/v1/orders' : `/v1/orders/${order.id}/${fillRoute(step.do, ids)}`,
      body: fillBody(step.body, ids),
    } as const;
    const condition = order === null ? {} : conditionOn(order.revision, script);
    const answer = await client.send(request, { key: `${script.key}/${step.key}`, ...condition });
    if (isCommandAnswer(answer.body)) return answer;
    throw new CliError(`${script.name}: ${step.do}: ${answer.status} without an order: ${ELSEWHERE}`);
  } catch (error) {
    if (error instanceof Problem) return refusal(script, step, error, order === null);
    if (!(error instanceof UnknownPlaceholder)) throw error;
    const line = `${script.name}: ${step.do}: ${error.message}`;
    return { kind: 'refused', step, code: UNKNOWN_ID, line };
  }
}

const BELOW_ORDER = '/v1/orders/{orderId}/';
/** The routes that replace something, such as the tags. */
const replacing = Object.values(operations)
  .filter(({ api, method }) => api === 'command' && method === 'PUT')
  .map(({ path }) => new RegExp(`^${path.slice(BELOW_ORDER.length).replace(/\{\w+\}/g, '[^/]+')}$`));

/** The header is sent in both cases, because a service may require it for every change of an order. */
function conditionOn(revision: number, { guarded }: OrderScript): CallOptions {
  return guarded ? { ifMatch: revision } : { headers: { 'if-match': '*' } };
}

/** The statuses with which the service refuses a command (docs/import-ndjson.md). */
const REFUSALS: ReadonlySet<number> = new Set([400, 404, 409, 412, 413, 422]);
const ELSEWHERE =
  'this is not an answer of command-api about an order: check --command-url, and any proxy before command-api';
/** `not_found` is ambiguous: an unknown command, or a server that is not command-api. */
const NOT_THERE = 'not_found';

/**
 * A refusal that concerns this order is an outcome. One that concerns the caller or the service itself ends the
 * run.
 */
function refusal(script: OrderScript, step: ScriptStep, problem: Problem, isFirst: boolean): Refused {
  const about = `${script.name}: ${step.do}`;
  const line = `${about}: ${problem.message}`;
  const unended = line.replace(/\.$/, '');
  if (problem.status === 401) throw new CliError(`${unended}: give a valid token with --token`);
  if (problem.status === 403)
    throw new CliError(`${unended}: give a token that has the scopes for it with --token`);
  if (problem.status >= 500 || problem.status === 429) throw new CliError(line);
  const { code } = problem;
  // An answer from a proxy, or from another server at a wrong address, says nothing about an order.
  const isOfService = problem.document['type'] === `urn:orderlog:problem:${code}`;
  const isOfAddress = code === NOT_THERE && isFirst; // a later command follows an answer from command-api
  if (!REFUSALS.has(problem.status) || !isOfService || isOfAddress) {
    throw new CliError(`${unended}: ${ELSEWHERE}`);
  }
  if (code !== FURTHER) return { kind: 'refused', step, code, line };
  const from = `commands[${script.steps.indexOf(step)}]`;
  const why = `somebody else has changed the order since the command before; ${from} and the commands after it are left out`;
  return { kind: 'refused', step, code, line: `${about}: ${why}` };
}
