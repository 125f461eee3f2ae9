import type { Transform, TransformCallback } from 'node:stream';
import {
  START,
  streamNameFilter,
  type AllStreamSubscription,
  type EventStoreDBClient,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { storeUnavailable } from './client-errors.js';
import { StoreSilent, StoreUnavailable } from './errors.js';
import type { SubscriptionMessage, SubscriptionOptions } from './port.js';
import { watched } from './watched-stream.js';

/** What the server sent as an event; `resolve` makes of it what the client would hand out. */
export type Convert<Event> = (event: unknown, resolve: (event: unknown) => ResolvedEvent) => Event;

type Options<Event> = SubscriptionOptions & {
  /** Longest wait for the server to confirm the subscription; after that silence means no events. */
  readonly timeoutMs: number;
  /** It was not confirmed in time. */
  readonly onSilent: () => void;
  readonly readAhead: number;
  readonly convert: Convert<Event>;
};

/** How many events that do not match the server passes before it says how far it is. */
const CHECKPOINT_EVERY_EVENTS = 256;

/** A subscription to `$all` as the port describes it. */
export async function* subscription<Event>(
  client: EventStoreDBClient,
  { after, streamPrefix, signal, timeoutMs, onSilent, readAhead, convert }: Options<Event>,
): AsyncGenerator<SubscriptionMessage<Event>, void, undefined> {
  if (signal.aborted) return;
  const subscribed = client.subscribeToAll(
    {
      fromPosition: after === null ? START : { commit: after, prepare: after },
      filter: streamNameFilter({ prefixes: [streamPrefix], maxSearchWindow: CHECKPOINT_EVERY_EVENTS }),
    },
    { highWaterMark: readAhead },
  );
  const stream = inOrder(subscribed, { signal, timeoutMs, convert });
  try {
    for await (const message of watched<SubscriptionMessage<Event>>(
      { stream, cancel: () => subscribed.unsubscribe() },
      { timeoutMs: null },
    )) {
      if (signal.aborted) return;
      yield message;
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof StoreSilent) onSilent();
    throw error instanceof StoreUnavailable ? error : storeUnavailable('the subscription broke off', error);
  }
  if (!signal.aborted) throw new StoreUnavailable('the event store ended the subscription');
}

/** A message of the server, as far as it is read here. */
interface Response {
  hasConfirmation(): boolean;
  hasCaughtUp(): boolean;
  hasCheckpoint(): boolean;
  getCheckpoint(): { getCommitPosition(): string };
  hasEvent(): boolean;
  getEvent(): unknown;
}

/**
 * The client hands out events through its stream's buffer, but checkpoints and `caughtUp` at once,
 * beside it: a checkpoint would overtake events that are still in the buffer, and whoever stored it would
 * lose them. So the stream's transformation is ours: everything goes through the buffer, in order.
 */
function inOrder<Event>(
  subscription: AllStreamSubscription,
  { signal, timeoutMs, convert }: Pick<Options<Event>, 'signal' | 'timeoutMs' | 'convert'>,
): Transform {
  const stream = subscription as unknown as Transform & { convertGrpcEvent(event: unknown): ResolvedEvent };
  const resolve = (event: unknown) => stream.convertGrpcEvent(event);
  const confirmed = endUnlessConfirmed(stream, signal, timeoutMs);

  stream._transform = (response: Response, _encoding: string, next: TransformCallback) => {
    confirmed();
    if (response.hasEvent()) {
      const event = convert(response.getEvent(), resolve);
      return next(null, { kind: 'event', event } satisfies SubscriptionMessage<Event>);
    }
    if (response.hasCheckpoint()) {
      const position = BigInt(response.getCheckpoint().getCommitPosition());
      return next(null, { kind: 'checkpoint', position } satisfies SubscriptionMessage<Event>);
    }
    if (response.hasCaughtUp()) return next(null, { kind: 'caughtUp' } satisfies SubscriptionMessage<Event>);
    return next();
  };
  return stream;
}

/** @returns to be called with the first message of the server */
function endUnlessConfirmed(stream: Transform, signal: AbortSignal, timeoutMs: number): () => void {
  const timer = setTimeout(() => {
    stream.destroy(new StoreSilent(`the event store confirmed no subscription in ${timeoutMs} ms`));
  }, timeoutMs);
  const abort = () => void stream.destroy();
  signal.addEventListener('abort', abort, { once: true });
  stream.once('close', () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  });
  return () => clearTimeout(timer);
}
