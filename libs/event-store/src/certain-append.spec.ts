import { describe, expect, it } from '@jest/globals';
import { AppendOutcomeUnknown, StoreUnavailable, WrongExpectedRevision } from './errors.js';
import type { EncodedEvent, EventStore, RawEvent } from './port.js';
import { CertainAppend } from './certain-append.js';

type Fault = 'lost request' | 'lost answer' | 'away';

/** One stream in memory. Its appends fail in the given ways, one after another; all later ones succeed. */
function faulty(faults: Fault[], { readable = true } = {}) {
  const stored: RawEvent[] = [];
  const sent: string[][] = [];
  const add = (events: readonly EncodedEvent[]) => {
    for (const { eventId, type, data, metadata } of events) {
      const revision = stored.length;
      const place = { stream: 's', revision, position: BigInt(revision * 10) };
      stored.push({ eventId, type, data, metadata, ...place, sizeBytes: 0 });
    }
    return { revision: stored.length - 1, position: stored.at(-1)!.position };
  };
  const eventStore: Pick<EventStore, 'append' | 'readStream'> = {
    append: async (_stream, events, expected) => {
      sent.push(events.map(({ eventId }) => eventId));
      const fault = faults.shift();
      if (fault === 'away') throw new StoreUnavailable('away');
      if (fault === 'lost request') throw new AppendOutcomeUnknown('lost');
      const next = expected === 'no_stream' ? 0 : expected + 1;
      const repeated = events.every(({ eventId }, n) => stored[next + n]?.eventId === eventId);
      if (next !== stored.length && !repeated) throw new WrongExpectedRevision('s', stored.length - 1);
      const appended = repeated
        ? { revision: next + events.length - 1, position: stored[next + events.length - 1]!.position }
        : add(events);
      if (fault === 'lost answer') throw new AppendOutcomeUnknown('lost');
      return appended;
    },
    readStream: async function* (_stream, { fromRevision = 0, maxCount = Infinity } = {}) {
      if (!readable) throw new StoreUnavailable('away');
      yield* stored.slice(fromRevision, fromRevision + maxCount);
    },
  };
  return { certain: new CertainAppend(eventStore), stored, sent, add };
}

const event = (eventId: string) => ({ eventId, type: 'Any', data: {}, metadata: {} }) as EncodedEvent;

describe('an append', () => {
  it.each<[string, Fault[]]>([
    ['at once', []],
    ['after a lost answer', ['lost answer']],
    ['after a lost request', ['lost request']],
    ['after lost answers to the repetitions too', ['lost answer', 'lost answer']],
    ['after a server that restarts', ['lost answer', 'away']],
    [
      'found by reading after every answer was lost',
      ['lost answer', 'lost answer', 'lost answer', 'lost answer'],
    ],
  ])('is known to be stored, once: %s', async (_when, faults) => {
    const { certain, stored, sent } = faulty([...faults]);
    expect(await certain.append('s', [event('a'), event('b')], 'no_stream')).toEqual({
      revision: 1,
      position: 10n,
    });
    expect(stored.map(({ eventId }) => eventId)).toEqual(['a', 'b']);
    expect(new Set(sent.map((ids) => ids.join()))).toEqual(new Set(['a,b']));
  });

  it('is found by reading behind the events that it was decided on', async () => {
    const faults = (): Fault[] => Array.from({ length: 4 }, () => 'lost answer');
    const [none, two] = [faulty(faults()), faulty(faults())];
    two.add([event('before'), event('and another')]);
    const found = [
      none.certain.append('s', [event('a')], 'no_stream'),
      two.certain.append('s', [event('a')], 1),
    ];
    expect(await Promise.all(found)).toEqual([
      { revision: 0, position: 0n },
      { revision: 2, position: 20n },
    ]);
  });

  it('is known to have been overtaken', async () => {
    const { certain, add } = faulty([]);
    add([event('other')]);
    expect(await certain.append('s', [event('a')], 'no_stream')).toBeNull();
  });

  it('is known to have been overtaken while it was unknown', async () => {
    const { certain, add, stored } = faulty(['lost request']);
    const appending = certain.append('s', [event('a')], 'no_stream');
    add([event('other')]);
    expect(await appending).toBeNull();
    expect(stored).toHaveLength(1);
  });

  it('is StoreUnavailable when nothing was sent', async () => {
    const { certain, sent } = faulty(['away']);
    await expect(certain.append('s', [event('a')], 'no_stream')).rejects.toBeInstanceOf(StoreUnavailable);
    expect(sent).toHaveLength(1);
  });

  it.each([{ readable: true }, { readable: false }])(
    'is AppendOutcomeUnknown when it cannot be found out: %j',
    async (reading) => {
      const { certain } = faulty(['lost request', 'away', 'lost request', 'away'], reading);
      await expect(certain.append('s', [event('a')], 'no_stream')).rejects.toBeInstanceOf(
        AppendOutcomeUnknown,
      );
    },
  );

  it('is AppendOutcomeUnknown when the revision is taken, and nobody says by whom', async () => {
    const { certain, add } = faulty(['lost request'], { readable: false });
    const appending = certain.append('s', [event('a')], 'no_stream');
    add([event('other')]);
    await expect(appending).rejects.toBeInstanceOf(AppendOutcomeUnknown);
  });
});
