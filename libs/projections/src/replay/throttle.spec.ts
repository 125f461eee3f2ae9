import { describe, expect, it } from '@jest/globals';
import { Throttle } from './throttle.js';

function throttled(perSecond: number | null) {
  const clock = { nowMs: 5_000, waitedMs: 0 };
  const throttle = new Throttle(perSecond, {
    now: () => clock.nowMs,
    wait: async (ms, signal) => {
      signal?.throwIfAborted();
      clock.waitedMs += ms;
      clock.nowMs += ms;
    },
  });
  return { clock, throttle };
}

describe('Throttle', () => {
  it('has what passes take as long as the rate wants it', async () => {
    const { clock, throttle } = throttled(100);
    for (let times = 0; times < 10; times++) await throttle.passed(50);
    expect(clock.waitedMs).toBe(5_000);
  });

  it('counts the time that the work itself took', async () => {
    const { clock, throttle } = throttled(100);
    for (let times = 0; times < 10; times++) {
      clock.nowMs += 100;
      await throttle.passed(50);
    }
    expect(clock.waitedMs).toBe(4_000);
  });

  it('makes up for a fifth of a second of a pause, no more', async () => {
    const { clock, throttle } = throttled(100);
    clock.nowMs += 60_000;
    await throttle.passed(100);
    expect(clock.waitedMs).toBe(800);
  });

  it('has those who pass at one time share the rate', async () => {
    const { clock, throttle } = throttled(100);
    await Promise.all([throttle.passed(50), throttle.passed(50)]);
    await throttle.passed(50);
    expect(clock.nowMs).toBeGreaterThanOrEqual(6_500);
  });

  it('ends a wait when the signal aborts', async () => {
    const { throttle } = throttled(1);
    await expect(throttle.passed(10, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
  });

  it('holds nothing back without a rate', async () => {
    const { clock, throttle } = throttled(null);
    await throttle.passed(1_000_000);
    expect(clock.waitedMs).toBe(0);
  });
});
