import { setTimeout } from 'node:timers/promises';
import type { OrderCommand } from '#domain/order/order.js';
import { commandIdOf, placedOrderIdOf } from '../../../apps/command-api/src/request/idempotency.js';
import type { AnsweredEvent, CommandOutcome } from '../checker/facts.js';
import { decodeOrderPosition } from '#platform/order-position.js';
import type { Random } from '../random.js';
import { asRead, requestOf } from './command-requests.js';
import type { HttpAnswer, HttpClient } from './http-client.js';
import type { AttemptRecorder } from './recorder.js';
import type { Session } from './session.js';

export interface Sender {
  readonly name: string;
  readonly tenantId: string;
  readonly token: string;
  /** As in the token. */
  readonly clientId: string;
}

/** A command with everything that must stay the same when it is sent again. */
export interface Sending {
  readonly key: string;
  readonly command: OrderCommand;
  /** For placing, it is derived from the key. */
  readonly orderId: string;
  readonly occurredAt: string | null;
  readonly ifMatch: number | null;
}

/** The code of a 5xx answer that says that the attempt left nothing. */
const NOTHING_SENT = 'event_store_unavailable';
/** An event of the order is of another release: another attempt does not help. */
const UNREADABLE = '503 order_unreadable';
const RETRIES = 6;
const WAIT_MS = 400;

/** Sends commands to any of the APIs, and records each attempt with its outcome. */
export class CommandSender {
  readonly #http: HttpClient;
  readonly #urls: readonly string[];
  readonly #recorder: AttemptRecorder;
  readonly #session: Session;
  readonly #random: Random;
  readonly sender: Sender;

  constructor(
    sender: Sender,
    via: {
      http: HttpClient;
      urls: readonly string[];
      recorder: AttemptRecorder;
      session: Session;
      random: Random;
    },
  ) {
    this.sender = sender;
    this.#http = via.http;
    this.#urls = via.urls;
    this.#recorder = via.recorder;
    this.#session = via.session;
    this.#random = via.random;
  }

  /** The id of the order that a placing command with this key makes. */
  placedOrderId(key: string): string {
    return placedOrderIdOf(this.#commandId('POST', '/v1/orders', key));
  }

  /** Sends a command until its outcome is known, or until the client gives up. */
  async send(sending: Sending, signal: AbortSignal): Promise<CommandOutcome> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.once(sending);
      if (isFinal(outcome) || attempt > RETRIES || signal.aborted || this.#random.chance(5)) return outcome;
      await setTimeout(this.#random.below(WAIT_MS * attempt));
    }
  }

  async once({ key, command, orderId, occurredAt, ifMatch }: Sending): Promise<CommandOutcome> {
    const { tenantId, name: client } = this.sender;
    const { method, path, body } = requestOf(command, orderId);
    const attempt = {
      ...{ client, tenantId, orderId, occurredAt, ifMatch, atMs: performance.now() },
      commandId: this.#commandId(method, path, key),
      command: asRead(command, { tenantId, orderId }),
    };
    const answered = this.#recorder.sending(key, attempt);
    const outcome = await this.#ask(path, {
      method,
      body: { ...body, ...(occurredAt === null ? {} : { occurredAt }) },
      headers: { 'idempotency-key': key, ...(ifMatch === null ? {} : { 'if-match': `"${ifMatch}"` }) },
    });
    answered(outcome);
    return outcome;
  }

  /** Sends an edit as a dry run, which leaves nothing. */
  async tryOut(command: OrderCommand, orderId: string): Promise<void> {
    const { tenantId, name: client } = this.sender;
    const { method, path, body } = requestOf(command, orderId);
    const answered = this.#recorder.sending(null, {
      ...{ client, atMs: performance.now(), tenantId, orderId, occurredAt: null, ifMatch: null },
      ...{ commandId: null, command: asRead(command, { tenantId, orderId }) },
    });
    answered(await this.#ask(`${path}?dryRun=true`, { method, body, headers: {} }));
  }

  async #ask(
    path: string,
    asked: { method: 'POST' | 'PUT'; body: unknown; headers: Record<string, string> },
  ): Promise<CommandOutcome> {
    const headers = { authorization: `Bearer ${this.sender.token}`, ...asked.headers };
    const answer = await this.#http.send(this.#random.one(this.#urls)! + path, { ...asked, headers });
    const outcome = outcomeOf(answer);
    if (typeof answer !== 'string' && outcome.kind === 'done') {
      const token = answer.headers['order-position'];
      const order = { orderId: String(answer.body['orderId']), revision: outcome.revision };
      this.#session.saw(typeof token === 'string' ? token : null, [order]);
    }
    return outcome;
  }

  #commandId(method: string, path: string, key: string): string {
    const { tenantId, clientId } = this.sender;
    return commandIdOf({ tenantId, customerId: null, clientId }, method, path, key);
  }
}

/** Whether another attempt is of no use. */
function isFinal(outcome: CommandOutcome): boolean {
  if (outcome.kind === 'unknown') return outcome.why === UNREADABLE;
  return outcome.kind === 'done' || outcome.status < 500;
}

function outcomeOf(answer: HttpAnswer | string): CommandOutcome {
  if (typeof answer === 'string') return { kind: 'unknown', why: answer };
  const { status, headers, body } = answer;
  const code = String(body['code']);
  if (status >= 500 && code !== NOTHING_SENT) return { kind: 'unknown', why: `${status} ${code}` };
  if (status >= 400) return { kind: 'refused', status, code };
  const token = headers['order-position'];
  return {
    kind: 'done',
    revision: body['revision'] as number,
    events: body['events'] as AnsweredEvent[],
    replayed: headers['idempotent-replayed'] === 'true',
    position: typeof token === 'string' ? decodeOrderPosition(token)!.position : null,
  };
}
