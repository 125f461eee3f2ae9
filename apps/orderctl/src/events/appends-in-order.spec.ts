import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { AppendOutcomeUnknown, WrongExpectedRevision } from '#event-store/errors.js';
import type { ExactEvent, ExactEventStore, ExpectedRevision, RawEvent } from '#event-store/port.js';
import { AppendsInOrder } from './appends-in-order.js';
import { Patience } from './stored-order-events.js';

type Fault = 'lost request' | 'lost answer' | 'late';

/** A store in memory. The append of an event named in `faults` fails once, in the way given there. */
function storeWith(faults: Map<string, Fault>) {
  const all: { stream: string; revision: number; eventId: string }[] = [];
  const of = (stream: string) => all.filter((event) => event.stream === stream);
  const late: (() => void)[] = [];
  const appendExact = async (stream: string, events: readonly ExactEvent[], expected: ExpectedRevision) => {
    const [first] = events;
    const fault = faults.get(first!.type);
    faults.delete(first!.type);
    if (fault === 'lost request') throw new AppendOutcomeUnknown('lost');
    // Another append of the same group is stored before this one.
    if (fault === 'late') await new Promise<void>((go) => late.push(go));
    const from = expected === 'no_stream' ? 0 : expected + 1;
    const there = of(stream);
    const isRepeat = events.every(({ eventId }, index) => there[from + index]?.eventId === eventId);
    if (from !== there.length && !isRepeat) throw new WrongExpectedRevision(stream, there.length - 1);
    if (!isRepeat) {
      events.forEach(({ eventId }, index) => all.push({ stream, revision: from + index, eventId }));
    }
    late.splice(0).forEach((go) => go());
    if (fault === 'lost answer') throw new AppendOutcomeUnknown('lost');
    const last = events.at(-1)!.eventId;
    const position = BigInt(all.findIndex(({ eventId }) => eventId === last));
    return { revision: from + events.length - 1, position };
  };
  async function* readStream(stream: string, { fromRevision = 0 } = {}): AsyncGenerator<RawEvent> {
    for (const { eventId, revision } of of(stream).slice(fromRevision)) {
      yield { eventId, stream, revision, position: 0n, type: '', data: null, metadata: null, sizeBytes: 0 };
    }
  }
  return { store: { appendExact, readStream } as unknown as ExactEventStore, all };
}

const event = (stream: string, revision: number, type: string) => ({
  ...{ stream, revision, type, eventId: randomUUID(), contentType: 'application/json' },
  ...{ data: new Uint8Array(2), metadata: new Uint8Array(2) },
});

const sent = [event('a', 0, 'one'), event('b', 0, 'two'), event('a', 1, 'three'), event('c', 0, 'four')];

function appendsTo(store: ExactEventStore): AppendsInOrder {
  const patience = new Patience(
    () => undefined,
    () => false,
  );
  return new AppendsInOrder(store, { atOnce: 10, patience });
}

describe('appends in order', () => {
  it.each<[string, [string, Fault][]]>([
    ['all goes well', []],
    [
      'answers are lost',
      [
        ['two', 'lost answer'],
        ['four', 'lost answer'],
      ],
    ],
    [
      'a connection broke, and all after a point is lost',
      [
        ['three', 'lost request'],
        ['four', 'lost request'],
      ],
    ],
    ['nothing came through the first time', sent.map(({ type }): [string, Fault] => [type, 'lost request'])],
  ])('end as they were added when %s', async (_what, faults) => {
    const { store, all } = storeWith(new Map(faults));
    const appends = appendsTo(store);
    for (const one of sent) await appends.add(one);
    await appends.flush();
    expect(all.map(({ eventId }) => eventId)).toEqual(sent.map(({ eventId }) => eventId));
    expect(appends.appended).toBe(4);
  });

  it('say so when a store took them otherwise', async () => {
    const { store } = storeWith(new Map([['two', 'late']]));
    const appends = appendsTo(store);
    for (const one of sent) await appends.add(one);
    await expect(appends.flush()).rejects.toThrow('in another order than it was sent');
  });

  it('name the stream that another has written to meanwhile', async () => {
    const { store } = storeWith(new Map());
    await store.appendExact('a', [event('a', 0, 'foreign')], 'no_stream');
    const appends = appendsTo(store);
    for (const one of sent) await appends.add(one);
    await expect(appends.flush()).rejects.toThrow('a differs at revision 0');
  });

  it('share one append where events of a stream follow each other, as far as its size allows', async () => {
    const { store, all } = storeWith(new Map());
    let calls = 0;
    const counting = {
      ...store,
      appendExact: (...args: Parameters<ExactEventStore['appendExact']>) => (
        calls++,
        store.appendExact(...args)
      ),
    };
    const appends = appendsTo(counting);
    const large = { data: new Uint8Array(400_000) };
    for (let revision = 0; revision < 5; revision++)
      await appends.add({ ...event('a', revision, 'x'), ...large });
    await appends.flush();
    expect([calls, all.length]).toEqual([3, 5]);
  });
});
