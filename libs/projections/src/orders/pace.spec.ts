import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.js';

function paced(busy: number) {
  let nowMs = 10_000;
  const pace = new Pace({ now: () => nowMs, busyShare: () => busy });
  return {
    /** Writes every 10 ms for a while. @returns how long the next write would wait */
    after(events: number, repeated: number): number {
      for (let i = 0; i < 200; i++) {
        nowMs += 10;
        pace.writing();
        pace.wrote(events, repeated);
      }
      return pace.waitMs();
    },
    rest: (ms: number) => (nowMs += ms),
    pace,
  };
}

describe('Pace', () => {
  it('writes at once what comes after a pause', () => {
    const paces = paced(0);
    expect(paces.pace.waitMs()).toBe(0);
    paces.after(10, 0);
    paces.rest(100);
    expect(paces.pace.waitMs()).toBe(0);
  });

  it('keeps a short interval while the machine has time, whatever comes', () => {
    expect(paced(0.5).after(100, 100)).toBe(30);
  });

  it('keeps a longer one when the machine is busy, and the longest when the same orders come again', () => {
    expect(paced(0.95).after(100, 10)).toBe(150);
    expect(paced(0.95).after(100, 80)).toBe(400);
  });
});
