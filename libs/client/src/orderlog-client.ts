import { Addresses } from './addresses.js';
import { Bearer } from './bearer.js';
import { answered, brokenOff, type CallSettings, type Received } from './call.js';
import { isAnswerTo } from './answers.js';
import { operations, type Operation, type OperationName } from './generated/operations.js';
import type {
  ExportedOrder,
  ExportInput,
  Input,
  Item,
  Operations,
  Output,
  PagedName,
} from './operation-types.js';
import type { Answer, CallOptions, ClientOptions, PageOptions, RawRequest } from './options.js';
import { headersOf } from './headers.js';
import { itemsOf, pagesOf } from './pages.js';
import { rawRequestOf, requestOf, type Outgoing } from './request.js';
import { Session } from './session.js';
import { jsonLines } from './json-lines.js';
import { Problem, type FailedCall } from './errors.js';
import { fetchTransport } from './transport.js';

export {
  NoAnswer,
  Problem,
  type FailedCall,
  type FieldError,
  type Outcome,
  type ProblemCode,
} from './errors.js';
export { Session } from './session.js';
export type { TokenSource } from './bearer.js';
export type { Retry } from './call.js';
export type { OperationName } from './generated/operations.js';
export type { Input, Item, Output, PagedName } from './operation-types.js';
export type { Answer, CallOptions, ClientOptions, PageOptions, RawRequest } from './options.js';
export type { Transport, TransportAnswer, TransportRequest } from './transport.js';

export interface OrderlogClient extends Operations<CallOptions> {
  /** What this client has read and written: every read shows no less. */
  readonly session: Session;
  /** Calls an operation by its name. Resolves with the whole answer, not only its body. */
  answer<Name extends Exclude<OperationName, 'exportOrders'>>(
    name: Name,
    input: Input<Name>,
    options?: CallOptions,
  ): Promise<Answer<Output<Name>>>;
  /**
   * A list, page by page. The feed ends once it has told everything; with `pollMs` it goes on and asks for more. Each
   * page is a call with a deadline of its own, and a page that fails ends the list.
   */
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
  /**
   * All orders that match, as one stream. They are shown as of one moment. A stream that breaks off, or is silent for
   * `tryMs`, ends with `NoAnswer`.
   */
  exportOrders(input?: ExportInput, options?: CallOptions): AsyncGenerator<ExportedOrder>;
  /** Sends any request, with the token, key, session and retries that every call has. */
  send(request: RawRequest, options?: CallOptions): Promise<Answer<unknown>>;
  /** The same client for another reader: addresses and token are shared, the session is not. */
  withSession(session?: Session): OrderlogClient;
}

/**
 * A client of both APIs.
 *
 * Every method throws `Problem` when the service says no, `NoAnswer` when no answer comes in time, and the
 * reason of its signal.
 *
 * @throws TypeError when an address is no http(s) URL, or there is no token
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
  const receive = async (request: Outgoing, options: CallOptions, streams: string | null = null) => {
    const { api, method, path, body, orderId } = request;
    const isCommand = api === 'command';
    // Without a key, whatever becomes of the request, nothing can have been done.
    const key = isCommand && !isDryRun(path) ? (options.key ?? crypto.randomUUID()) : null;
    const position = isCommand ? null : orderId === null ? session.token : session.tokenFor(orderId);
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
  const answer = async (name: OperationName, input: object, options: CallOptions) => {
    const operation: Operation = operations[name];
    return answerOf(await receive(requestOf(operation, input), options), operation);
  };
  const ask = async (name: OperationName, input: object = {}, options: CallOptions = {}) => {
    const { status, body } = await answer(name, input, options);
    if (status === 304)
      throw new TypeError(
        'the order has not changed, and such an answer (304) has no body: call answer() instead',
      );
    return body;
  };
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
    answer: async (name, input, options = {}) => (await answer(name, input, options)) as never,
    pages: (name, input, options = {}) => pagesOf(...listed(name, input, options)) as never,
    items: (name, input, options = {}) => itemsOf(...listed(name, input, options)) as never,
    async *exportOrders(input: ExportInput & { readonly format?: string | null } = {}, options = {}) {
      const format = input.format ?? 'ndjson';
      if (format !== 'ndjson')
        throw new TypeError(`exportOrders reads NDJSON only, and was asked for ${format}`);
      const request = requestOf(operations.exportOrders, input);
      const received = await receive(request, options, 'application/x-ndjson');
      const { answer: streamed, text, url, tries } = received;
      if (text !== null) throw notOfTheService(streamed.status, text, received);
      try {
        for await (const order of jsonLines(streamed.stream()) as AsyncGenerator<ExportedOrder>) {
          yield order;
          options.signal?.throwIfAborted();
        }
      } catch (error) {
        options.signal?.throwIfAborted();
        throw brokenOff(url, tries, error);
      }
    },
    send: async (request, options = {}) => answerOf(await receive(rawRequestOf(request), options)),
    withSession: (other = new Session()) => clientOver(addresses, settings, other),
  };
}

function isDryRun(path: string): boolean {
  const [, query] = path.split('?', 2);
  return query !== undefined && new URLSearchParams(query).get('dryRun') === 'true';
}

/** @param operation that was asked for; null: whatever the caller made of it */
function answerOf(
  { answer, text, tries, key }: Received & { readonly key: string | null },
  operation: Operation | null = null,
): Answer<unknown> {
  // A proxy that compresses makes the ETag a weak one.
  const revision = /^(?:W\/)?"(\d+)"$/.exec(answer.header('etag') ?? '');
  return {
    status: answer.status,
    body: answer.status === 304 ? null : bodyIn(text ?? '', answer.status, { key, tries }, operation),
    revision: revision === null ? null : Number(revision[1]),
    replayed: answer.header('idempotent-replayed') === 'true',
    location: answer.header('location'),
    key,
  };
}

/** @throws Problem when the text is no JSON, or no answer to the operation */
function bodyIn(
  text: string,
  status: number,
  call: Omit<FailedCall, 'outcome'>,
  operation: Operation | null,
): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw notOfTheService(status, text, call);
  }
  if (operation !== null && !isAnswerTo(operation, body)) throw notOfTheService(status, text, call);
  return body;
}

/** An answer that means success, but not of the service: a proxy gave it, or whoever else is at that address. */
function notOfTheService(status: number, text: string, { key, tries }: Omit<FailedCall, 'outcome'>): Problem {
  return new Problem(status, text, { outcome: key === null ? 'nothing' : 'unknown', key, tries });
}
