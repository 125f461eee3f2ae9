import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pagesOf } from './pages.js';

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

/** Reads pages of the feed until there is none, or the signal aborts, and notes what each was asked by. */
function reading(answers: readonly object[], pollMs?: number) {
  const asked: object[] = [];
  const ending = new AbortController();
  const ask = async (more: object) => answers[asked.push(more) - 1];
  const options = { signal: ending.signal, ...(pollMs === undefined ? {} : { pollMs }) };
  const ended = (async () => {
    for await (const _ of pagesOf(ask, 'after', options)) if (asked.length === answers.length) ending.abort();
  })().then(
    () => 'at its end',
    () => 'by its signal',
  );
  return { asked, ended, ending };
}

describe('the feed', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
  afterEach(() => void jest.useRealTimers());

  it('is asked for more at once while there is more, also where a page is empty, and after a pause once there is none', async () => {
    const { asked, ended } = reading(
      [
        { items: [1], next: 'a', hasMore: true },
        { items: [], next: 'b', hasMore: true },
        { items: [2], next: 'c', hasMore: false },
        { items: [], next: 'd', hasMore: false },
      ],
      1_000,
    );
    await pass(999);
    expect(asked).toEqual([{}, { after: 'a' }, { after: 'b' }]);
    await pass(1);
    expect(asked.slice(3)).toEqual([{ after: 'c' }]);
    expect(await ended).toBe('by its signal');
  });

  it('ends with its signal in the middle of a pause', async () => {
    const told = { items: [1], next: 'a', hasMore: false };
    const { asked, ended, ending } = reading([told, told], 60_000);
    await pass(1);
    ending.abort();
    expect([await ended, asked.length]).toEqual(['by its signal', 1]);
  });

  it.each<[string, object[]]>([
    ['that says so', [{ items: [1], next: 'a', hasMore: false }]],
    [
      'that is empty, of a release that does not say so',
      [
        { items: [1], next: 'a' },
        { items: [], next: 'b' },
      ],
    ],
  ])('ends with a page %s, where nobody waits for more', async (_, pages) => {
    const { asked, ended } = reading([...pages, { items: [], next: 'never asked' }]);
    await pass(0);
    expect([asked.length, await ended]).toEqual([pages.length, 'at its end']);
  });
});
