import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { pause, within } from './waiting.js';

const never = () => new Promise<never>(() => {});

describe('a pause', () => {
  it('ends with the signal, and leaves nothing behind on it', async () => {
    const ending = new AbortController();
    await pause(1, ending.signal);
    expect(getEventListeners(ending.signal, 'abort')).toEqual([]);
    const waiting = pause(60_000, ending.signal);
    ending.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(getEventListeners(ending.signal, 'abort')).toEqual([]);
    await expect(pause(1, ending.signal)).rejects.toThrow('enough');
    await pause(1, new AbortController().signal);
    await pause(1, null);
  });
});

describe('what is awaited', () => {
  it('is told, also as the error that it is, however long there is time', async () => {
    const long = Number.POSITIVE_INFINITY;
    const soon = pause(20, null).then(() => 'it'); // a timer without a limit would fire before
    expect(await within(long, soon, null)).toBe('it');
    await expect(within(long, Promise.reject(new Error('not it')), null)).rejects.toThrow('not it');
  });

  it('leaves no timer behind, which would keep a process from ending', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await within(60_000, Promise.resolve('it'), null);
    expect(timers()).toBe(before);
  });

  it('is null when it does not come in time', async () => {
    expect(await within(1, never(), null)).toBeNull();
    expect(await within(-1, never(), null)).toBeNull();
  });
});
