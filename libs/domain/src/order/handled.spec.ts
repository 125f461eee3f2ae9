import { describe, expect, it } from '@jest/globals';
import type { Instant } from '../instant.js';
import { remember, type HandledWindow } from './handled.js';
import type { HandledCommand } from './state.js';

const window: HandledWindow = { always: 2, atMost: 4, recentMs: 10_000 };

/** After commands that came so many seconds after the start; `*`: one that is kept. */
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
