import { Addresses } from './addresses.js';
import { Bearer, type TokenSource } from './bearer.js';
import { answered, type CallSettings, type Received, type Retry } from './call.js';
import { operations, type OperationName } from './generated/operations.js';
import type {
  ExportedOrder,
  ExportInput,
  Input,
  Item,
  Operations,
  Output,
  PagedName,
} from './operation-types.js';
import { itemsOf, pagesOf, type PageOptions } from './pages.js';
import { requestOf, type Outgoing } from './request.js';
import { Session } from './session.js';
import { jsonLines } from './json-lines.js';
import { Problem } from './errors.js';
import { fetchTransport, type Transport } from './transport.js';

export {
  NoAnswer,
  Problem,
  type FailedCall,
  type FieldError,
  type Outcome,
  type ProblemCode,
} from './errors.js';
export { Session } from './session.js';
export type { Retry, TokenSource, Transport, PageOptions, OperationName, Input, Output, Item, PagedName };
export type { TransportAnswer, TransportRequest } from './transport.js';

export interface ClientOptions {
  /** One address or several: the next one is tried where one is away. Who only reads needs no command-api. */
  readonly commandUrl?: string | readonly string[];
  readonly queryUrl?: string | readonly string[];
  /** A function is asked again when its token has expired or is refused. */
  readonly token: TokenSource;
  /** How long a call may take, with all its tries and pauses; 30 s unless given. */
  readonly deadlineMs?: number;
  /** How long one try may take; 10 s unless given. */
  readonly tryMs?: number;
  /** What was read and written so far; a new one unless given. */
  readonly session?: Session;
  /** How requests travel; the platform's `fetch` unless given. */
  readonly transport?: Transport;
  /** Told before each pause. */
  readonly onRetry?: (retry: Retry) => void;
}

export interface CallOptions {
  /** The Idempotency-Key of a change; one is made for each call unless given. */
  readonly key?: string;
  /** The revision that the change was decided on: 412 `precondition_failed` when the order is at another one. */
  readonly ifMatch?: number;
  /** Of this call, in place of the client's. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** Further headers: `traceparent`, `x-correlation-id`, `x-causation-id`, `if-none-match`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer with what its headers say. */
export interface Answer<Body> {
  /** 200 or 201; 304 when `if-none-match` was sent and the order is at that revision still. */
  readonly status: number;
  /** null with 304. */
  readonly body: Body | null;
  /** Of the order, as `ETag` has it; null where an answer is not about one order. */
  readonly revision: number | null;
  /** Whether the change was done before, by the same key: the answer is the one given then. */
  readonly replayed: boolean;
  /** Where to read an order that was placed. */
  readonly location: string | null;
  /** The Idempotency-Key that was sent. */
  readonly key: string | null;
}

/** A request by its path, for what has no method here. */
export interface RawRequest {
  readonly api: 'command' | 'query';
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
}

export interface OrderlogClient extends Operations<CallOptions> {
  /** What this client has read and written: every read shows at least that. */
  readonly session: Session;
  /** An operation's whole answer, by its name. */
  answer<Name extends Exclude<OperationName, 'exportOrders'>>(
    name: Name,
    input: Input<Name>,
    options?: CallOptions,
  ): Promise<Answer<Output<Name>>>;
  /** A list page by page. The feed ends when it has told everything; with `pollMs` it waits for more. */
  pages<Name extends PagedName>(
    name: Name,
    input: Input<Name>,
    options?: PageOptions,
  ): AsyncGenerator<Output<Name>>;
  /** A list item by item. */
  items<Name extends PagedName>(
    name: Name,
    input: Input<Name>,
    options?: PageOptions,
  ): AsyncGenerator<Item<Name>>;
  /** All orders that match, as one stream of one moment. */
  exportOrders(input?: ExportInput, options?: CallOptions): AsyncGenerator<ExportedOrder>;
  /** Any request, with all that a client does for one. */
  send(request: RawRequest, options?: CallOptions): Promise<Answer<unknown>>;
  /** The same client for another reader: addresses and token are shared, what was seen is not. */
  withSession(session?: Session): OrderlogClient;
}

/**
 * A client of both APIs.
 *
 * Every method throws `Problem` when the service says no, `NoAnswer` when nobody answers in time, and the reason of
 * its signal.
 *
 * @throws TypeError when an address is none
 */
export function createClient(options: ClientOptions): OrderlogClient {
  const { transport = fetchTransport, deadlineMs = 30_000, tryMs = 10_000, onRetry = null } = options;
  const settings = { transport, bearer: new Bearer(options.token), deadlineMs, tryMs, onRetry };
  const { commandUrl = [], queryUrl = [] } = options;
  const addresses = {
    command: new Addresses('command-api', commandUrl),
    query: new Addresses('query-api', queryUrl),
  };
  return clientOver(addresses, settings, options.session ?? new Session());
}

function clientOver(
  addresses: Readonly<Record<'command' | 'query', Addresses>>,
  settings: CallSettings,
  session: Session,
): OrderlogClient {
  const receive = async (request: Outgoing, options: CallOptions, streams = false) => {
    const { api, method, path, body, orderId } = request;
    const isChange = api === 'command';
    const key = isChange ? (options.key ?? crypto.randomUUID()) : null;
    const position = isChange ? null : orderId === null ? session.token : session.tokenFor(orderId);
    const headers = headersOf(options, { body, key, position });
    const call = { addresses: addresses[api], method, path, body, headers, key, streams };
    const received = await answered(
      { ...call, signal: options.signal ?? null },
      options.deadlineMs === undefined ? settings : { ...settings, deadlineMs: options.deadlineMs },
    );
    const told = received.answer.header('order-position');
    if (told !== null) session.saw(told);
    return { ...received, key };
  };
  const answer = async (request: Outgoing, options: CallOptions) => answerOf(await receive(request, options));
  const ask = async (name: OperationName, input: object = {}, options: CallOptions = {}) =>
    (await answer(requestOf(operations[name], input), options)).body;
  const methods = Object.fromEntries(
    Object.keys(operations).map((name) => [
      name,
      (input?: object, options?: CallOptions) => ask(name as OperationName, input, options),
    ]),
  ) as unknown as Operations<CallOptions>;
  const listed = (name: PagedName, input: object, options: PageOptions) =>
    [(more: object) => ask(name, { ...input, ...more }, options), operations[name].pages, options] as const;
  return {
    ...methods,
    session,
    answer: async (name, input, options = {}) =>
      (await answer(requestOf(operations[name], input), options)) as never,
    pages: (name, input, options = {}) => pagesOf(...listed(name, input, options)) as never,
    items: (name, input, options = {}) => itemsOf(...listed(name, input, options)) as never,
    async *exportOrders(input = {}, options = {}) {
      const { answer: streamed } = await receive(requestOf(operations.exportOrders, input), options, true);
      yield* jsonLines(streamed.stream()) as AsyncGenerator<ExportedOrder>;
    },
    send: ({ body, ...request }, options = {}) =>
      answer({ ...request, body: body === undefined ? null : JSON.stringify(body), orderId: null }, options),
    withSession: (other = new Session()) => clientOver(addresses, settings, other),
  };
}

function headersOf(
  { ifMatch, headers }: CallOptions,
  { body, key, position }: { body: string | null; key: string | null; position: string | null },
): Record<string, string> {
  return {
    ...headers,
    ...(body === null ? {} : { 'content-type': 'application/json' }),
    ...(key === null ? {} : { 'idempotency-key': key }),
    ...(ifMatch === undefined ? {} : { 'if-match': `"${ifMatch}"` }),
    ...(position === null ? {} : { 'consistent-with': position }),
  };
}

function answerOf({ answer, text, key }: Received & { readonly key: string | null }): Answer<unknown> {
  const revision = /^"(\d+)"$/.exec(answer.header('etag') ?? '');
  return {
    status: answer.status,
    body: text === null || text === '' ? null : bodyIn(text, { status: answer.status, key }),
    revision: revision === null ? null : Number(revision[1]),
    replayed: answer.header('idempotent-replayed') === 'true',
    location: answer.header('location'),
    key,
  };
}

/** @throws Problem when it is no JSON: something in between answered */
function bodyIn(text: string, { status, key }: { status: number; key: string | null }): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Problem(status, text, { outcome: key === null ? 'nothing' : 'unknown', key, tries: 1 });
  }
}
