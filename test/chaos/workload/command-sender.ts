import { setTimeout } from 'node:timers/promises';
import type { OrderCommand } from '#domain/order/order.js';
import { commandIdOf, placedOrderIdOf } from '../../../apps/command-api/src/request/idempotency.js';
import type { AnsweredEvent, CommandAttempt, CommandOutcome } from '../checker/facts.js';
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
  /** As in the token; null: staff or a service. */
  readonly customerId: string | null;
}

/** A command with everything that must stay the same when it is sent again. */
export interface Sending {
  /** null: none is sent, as a PUT allows. */
  readonly key: string | null;
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
  #sent = 0;

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
    const { method, path, body } = requestOf(command, orderId);
    const commandId = key === null ? null : this.#commandId(method, path, key);
    const asked = { command, commandId, orderId, occurredAt, ifMatch, isDryRun: false };
    return this.#ask(path, asked, {
      method,
      body: { ...body, ...(occurredAt === null ? {} : { occurredAt }) },
      headers: {
        ...(key === null ? {} : { 'idempotency-key': key }),
        ...(ifMatch === null ? {} : { 'if-match': `"${ifMatch}"` }),
      },
    });
  }

  /** Sends an edit as a dry run, which leaves nothing. */
  async tryOut(command: OrderCommand, orderId: string): Promise<void> {
    const { method, path, body } = requestOf(command, orderId);
    const asked = { command, commandId: null, orderId, occurredAt: null, ifMatch: null, isDryRun: true };
    await this.#ask(`${path}?dryRun=true`, asked, { method, body, headers: {} });
  }

  async #ask(path: string, asked: Asked, request: Request): Promise<CommandOutcome> {
    const { name: client, tenantId, token, clientId, customerId } = this.sender;
    this.#sent += 1;
    const correlationId = `${client}#${this.#sent}`;
    const answered = this.#recorder.sending({
      ...{ ...asked, client, tenantId, correlationId, atMs: performance.now() },
      actor: customerId === null ? { type: 'service', id: clientId } : { type: 'customer', id: customerId },
      command: asRead(asked.command, { tenantId, orderId: asked.orderId }),
    });
    const headers = {
      authorization: `Bearer ${token}`,
      'x-correlation-id': correlationId,
      ...request.headers,
    };
    const answer = await this.#http.send(this.#random.one(this.#urls)! + path, { ...request, headers });
    const outcome = outcomeOf(answer);
    answered(outcome);
    if (typeof answer !== 'string' && outcome.kind === 'done') {
      const token = answer.headers['order-position'];
      const order = { orderId: String(answer.body['orderId']), revision: outcome.revision };
      this.#session.saw(typeof token === 'string' ? token : null, [order]);
    }
    return outcome;
  }

  #commandId(method: string, path: string, key: string): string {
    return commandIdOf(this.sender, method, path, key);
  }
}

type Asked = Pick<
  CommandAttempt,
  'command' | 'commandId' | 'orderId' | 'occurredAt' | 'ifMatch' | 'isDryRun'
>;

interface Request {
  readonly method: 'POST' | 'PUT';
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
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
