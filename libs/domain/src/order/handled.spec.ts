import { describe, expect, it } from '@jest/globals';
import type { Instant } from '../instant.js';
import { handledCommand, remember, type HandledWindow } from './handled.js';
import type { HandledCommand, Order } from './state.js';

const window: HandledWindow = { always: 2, atMost: 4, recentMs: 10_000 };

/** The list after commands that came this many seconds after the start; `*`: a kept command. */
function remembered(...seconds: readonly (number | `${number}*`)[]): readonly string[] {
  const handled = seconds.reduce<readonly HandledCommand[]>((before, second, revision) => {
    const recordedAt = new Date(Number.parseInt(String(second)) * 1_000).toISOString() as Instant;
    const recording = { revision, recordedAt, commandId: `c${revision}`, fingerprint: 'f' };
    return remember(before, recording, { kept: String(second).endsWith('*'), window });
  }, []);
  return handled.map(({ commandId }) => commandId);
}

describe('a window of two, or four within ten seconds', () => {
  it('holds the placing command and the last two, however old', () => {
    expect(remembered(0)).toEqual(['c0']);
    expect(remembered(0, 100, 200)).toEqual(['c0', 'c1', 'c2']);
    expect(remembered(0, 100, 200, 300)).toEqual(['c0', 'c2', 'c3']);
  });

  it('holds up to four that are recent, to the moment', () => {
    expect(remembered(0, 1, 2, 3, 4)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4']);
    expect(remembered(0, 1, 2, 3, 4, 5)).toEqual(['c0', 'c2', 'c3', 'c4', 'c5']);
    expect(remembered(0, 1, 9, 10, 11)).toEqual(['c0', 'c1', 'c2', 'c3', 'c4']);
    expect(remembered(0, 1, 9, 10, 12)).toEqual(['c0', 'c2', 'c3', 'c4']);
  });

  it('holds what is kept besides, for ever', () => {
    expect(remembered(0, '1*', 100, 200, 300)).toEqual(['c0', 'c1', 'c3', 'c4']);
    expect(remembered(0, 1, '2*', 100, '200*', 300, 400, 500)).toEqual(['c0', 'c2', 'c4', 'c6', 'c7']);
  });
});

describe('a kept command', () => {
  it('is remembered as any other is', () => {
    const recordedAt = '2026-11-28T00:00:00.000Z' as Instant;
    const recording = { revision: 7, recordedAt, commandId: 'c7', fingerprint: 'f' };
    const [other] = remember([], recording);
    expect(other).toEqual({ ...recording, firstRevision: 7 });
    expect(remember([], recording, { kept: true })).toEqual([{ ...other, kept: true }]);
  });
});

describe('a command looked for among many', () => {
  const window: HandledWindow = { always: 60, atMost: 60, recentMs: 0 };
  const recordedAt = '2026-11-28T00:00:00.000Z' as Instant;
  const next = (handled: readonly HandledCommand[], commandId: string) => {
    const revision = (handled.at(-1)?.revision ?? -1) + 1;
    return remember(handled, { revision, recordedAt, commandId, fingerprint: 'f' }, { window });
  };
  const found = (handled: readonly HandledCommand[], commandId: string) =>
    handledCommand({ handled } as Order, commandId);

  it('is found in each state of the order that remembers it, and in no other', () => {
    const states: (readonly HandledCommand[])[] = [[]];
    for (let n = 0; n < 400; n++) {
      const state = next(states.at(-1)!, `c${n}`);
      states.push(state);
      // Looked up now and then, as commands come, and also in earlier states, as for commands that are decided
      // again.
      for (const looked of n % 3 === 0 ? [state, states.at(-20) ?? state] : []) {
        for (const id of [`c${n}`, `c${n - 30}`, `c${n - 100}`, `c${n + 1}`, 'c0']) {
          expect(found(looked, id)).toBe(looked.find(({ commandId }) => commandId === id));
        }
      }
    }
  });

  it('is not found in what came to be otherwise', () => {
    const common = Array.from({ length: 55 }, (_, n) => `c${n}`).reduce(next, []);
    for (let times = 0; times < 3; times++) expect(found(common, 'a')).toBeUndefined();
    const [one, other] = [next(common, 'a'), next(common, 'b')];
    expect(found(one, 'a')).toBe(one.at(-1));
    expect(found(other, 'b')).toBe(other.at(-1));
    expect(found(one, 'b')).toBeUndefined();
    expect(found(other, 'a')).toBeUndefined();
    expect(found(common, 'a')).toBeUndefined();
  });

  it('is found at its last event, of several', () => {
    const many = Array.from({ length: 55 }, (_, n) => `c${n}`).reduce(next, []);
    for (let times = 0; times < 3; times++) expect(found(many, 'a')).toBeUndefined();
    const twice = next(next(many, 'a'), 'a');
    expect(found(twice, 'a')).toMatchObject({ firstRevision: 55, revision: 56 });
    expect(found(twice, 'c0')).toBe(many[0]);
    expect(twice).toHaveLength(56);
  });
});
