import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { REFRESH_WITHIN_MS, TimelyRefresh } from './timely-refresh.js';

const ON_ITS_WAY_MS = 100;

describe('TimelyRefresh', () => {
  /** When each refresh began, since the start of the test. */
  let beganMs: number[];
  let lastsMs: number;
  let refresh: TimelyRefresh;

  beforeEach(() => {
    jest.useFakeTimers();
    const startMs = performance.now();
    beganMs = [];
    lastsMs = 10;
    refresh = new TimelyRefresh(async () => {
      beganMs.push(performance.now() - startMs);
      await new Promise((done) => setTimeout(done, lastsMs));
    });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  /** Writes a change every so often, each of that age. */
  const writeFor = async (ms: number, everyMs: number, ageMs: number) => {
    for (let leftMs = ms; leftMs > 0; leftMs -= everyMs) {
      refresh.wrote(ageMs);
      await pass(everyMs);
    }
  };

  it('shows what comes after a pause at once, and asks for nothing while nothing is written', async () => {
    refresh.wrote(0);
    await pass(60_000);
    expect(beganMs).toEqual([0]);
    refresh.wrote(0);
    await pass(60_000);
    expect(beganMs).toEqual([0, 60_000]);
  });

  it('waits with what follows, from when it happened, not from when it was written', async () => {
    refresh.wrote(0);
    await pass(300);
    refresh.wrote(ON_ITS_WAY_MS);
    await pass(60_000);
    expect(beganMs).toEqual([0, 300 - ON_ITS_WAY_MS + REFRESH_WITHIN_MS]);
  });

  it('leaves no change of a steady stream longer than promised, and shows many with one refresh', async () => {
    const everyMs = 20;
    await writeFor(20_000, everyMs, ON_ITS_WAY_MS);
    const gapsMs = beganMs.slice(1).map((ms, index) => ms - beganMs[index]!);
    const longestMs = Math.max(...gapsMs) + ON_ITS_WAY_MS;
    expect(longestMs).toBeLessThanOrEqual(REFRESH_WITHIN_MS + everyMs);
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(REFRESH_WITHIN_MS - ON_ITS_WAY_MS);
  });

  it.each([
    ['an import of the past', 86_400_000, REFRESH_WITHIN_MS],
    ['a clock that is ahead', -5_000, REFRESH_WITHIN_MS],
    ['what is nearly too late', REFRESH_WITHIN_MS - 10, REFRESH_WITHIN_MS / 2],
  ])('refreshes for %s not more often than that', async (_, ageMs, leastMs) => {
    await writeFor(20_000, 20, ageMs);
    const gapsMs = beganMs.slice(1).map((ms, index) => ms - beganMs[index]!);
    expect(gapsMs.length).toBeGreaterThan(5);
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(leastMs);
  });

  it('begins none while one is under way, and then for what was written meanwhile', async () => {
    lastsMs = 5_000;
    refresh.wrote(0);
    await pass(1);
    refresh.wrote(0);
    await pass(lastsMs - 1);
    expect(beganMs).toEqual([0]);
    await pass(10);
    expect(beganMs).toHaveLength(2);
  });

  it('begins none once it is stopped, which ends with the one that is under way', async () => {
    refresh.wrote(0);
    await pass(1);
    refresh.wrote(0);
    let isStopped = false;
    const stopping = refresh.stop().then(() => (isStopped = true));
    await pass(1);
    expect(isStopped).toBe(false);
    await pass(lastsMs);
    expect(isStopped).toBe(true);
    refresh.wrote(0);
    await pass(60_000);
    expect(beganMs).toEqual([0]);
    await stopping;
  });
});
