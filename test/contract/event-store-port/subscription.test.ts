import { describe, expect, it } from '@jest/globals';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { StoreSilent, StoreUnavailable } from '#event-store/errors.js';
import type { SubscriptionMessage } from '#event-store/port.js';
import { startTestEventStore } from '../../support/event-store.js';
import { ownEventStore } from '../../support/own-event-store.js';
import { someEvent, someStream } from '../../support/stored-events.js';
import { startStreamsServer } from '../../support/streams-server.js';

const { ReadResp } = streams;
const its = ownEventStore();

const eventIds = (messages: readonly SubscriptionMessage[]) =>
  messages.flatMap((message) => (message.kind === 'event' ? [message.event.eventId] : []));

/** Messages until the condition holds for what came so far. */
async function follow(
  after: bigint | null,
  enough: (messages: readonly SubscriptionMessage[]) => boolean,
  options: { streamPrefix?: string; onMessage?: (message: SubscriptionMessage) => void | Promise<void> } = {},
): Promise<SubscriptionMessage[]> {
  const messages: SubscriptionMessage[] = [];
  const { signal } = new AbortController();
  const { streamPrefix = 'order-', onMessage } = options;
  for await (const message of its.store.subscribeToAll({ after, streamPrefix, signal })) {
    messages.push(message);
    await onMessage?.(message);
    if (enough(messages)) break;
  }
  return messages;
}

describe('a subscription to all', () => {
  it('gives history in order, says when it has caught up, and goes on live', async () => {
    const before = await its.store.headPosition();
    const stream = someStream();
    const history = Array.from({ length: 300 }, () => someEvent());
    await its.store.append(stream, history, 'no_stream');
    const live = [someEvent(), someEvent()];

    let appended: Promise<unknown> = Promise.resolve();
    const messages = await follow(before, (soFar) => eventIds(soFar).length === 302, {
      onMessage: (message) => {
        if (message.kind === 'caught_up') appended = its.store.append(stream, live, 299);
      },
    });
    await appended;
    expect(eventIds(messages)).toEqual([...history, ...live].map(({ eventId }) => eventId));
    const caughtUpAt = messages.findIndex(({ kind }) => kind === 'caught_up');
    expect(eventIds(messages.slice(0, caughtUpAt))).toHaveLength(300);
  });

  it('starts after the position given, never with it', async () => {
    const stream = someStream();
    const { position } = await its.store.append(stream, [someEvent()], 'no_stream');
    const next = someEvent();
    await its.store.append(stream, [next], 0);
    const messages = await follow(position, (soFar) => eventIds(soFar).length > 0);
    expect(eventIds(messages)).toEqual([next.eventId]);
  });

  it('passes over other streams, telling how far it is, and never before an event that is still to come', async () => {
    const before = await its.store.headPosition();
    for (let round = 0; round < 3; round++) {
      await its.store.append(
        `other-${someStream()}`,
        Array.from({ length: 600 }, () => someEvent()),
        'no_stream',
      );
      await its.store.append(someStream(), [someEvent()], 'no_stream');
    }
    const messages = await follow(before, (soFar) => eventIds(soFar).length === 3);
    const positions = messages.flatMap((message) =>
      message.kind === 'event'
        ? [message.event.position]
        : message.kind === 'checkpoint'
          ? [message.position]
          : [],
    );
    expect(messages.some(({ kind }) => kind === 'checkpoint')).toBe(true);
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    const seen = messages.flatMap((message) => (message.kind === 'event' ? [message.event.stream] : []));
    expect(seen.every((stream) => stream.startsWith('order-'))).toBe(true);
  });

  it('waits for a slow reader and loses nothing', async () => {
    const before = await its.store.headPosition();
    const events = Array.from({ length: 1_200 }, () => someEvent('x'.repeat(150)));
    await its.store.append(someStream(), events, 'no_stream');
    const messages = await follow(before, (soFar) => eventIds(soFar).length === events.length, {
      onMessage: () => new Promise((resolve) => setImmediate(resolve)),
    });
    expect(eventIds(messages)).toEqual(events.map(({ eventId }) => eventId));
  });

  it('ends quietly when its signal aborts, also while it waits', async () => {
    const abort = new AbortController();
    const messages: SubscriptionMessage[] = [];
    for await (const message of its.store.subscribeToAll({
      after: await its.store.headPosition(),
      streamPrefix: 'order-',
      signal: abort.signal,
    })) {
      messages.push(message);
      if (message.kind === 'caught_up') setImmediate(() => abort.abort());
    }
    expect(abort.signal.aborted).toBe(true);
    expect(messages.at(-1)?.kind).toBe('caught_up');
  });

  it.each(['subscribeToAll', 'subscribeToAllExact'] as const)(
    'that was confirmed ends with StoreSilent when nothing follows, %s',
    async (subscribe) => {
      const silent = await startStreamsServer((call) => {
        const confirmation = new ReadResp.SubscriptionConfirmation().setSubscriptionId('some');
        call.write(new ReadResp().setConfirmation(confirmation));
      });
      const reading = new DbClientEventStore({ connectionString: silent.url, timeoutMs: 200 });
      const { signal } = new AbortController();
      const messages = reading[subscribe]({ after: null, streamPrefix: 'order-', signal });
      await expect(messages[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(StoreSilent);
      await reading.close();
      silent.close();
    },
  );

  it('ends with StoreUnavailable when the server goes', async () => {
    const own = await startTestEventStore();
    const reading = new DbClientEventStore({ connectionString: own.url });
    const { signal } = new AbortController();
    const closing: Promise<void>[] = [];
    const ended = (async () => {
      for await (const message of reading.subscribeToAll({ after: null, streamPrefix: 'order-', signal })) {
        if (message.kind === 'caught_up') closing.push(own.close());
      }
    })();
    await expect(ended).rejects.toBeInstanceOf(StoreUnavailable);
    await reading.close();
    await Promise.all(closing);
  });
});
