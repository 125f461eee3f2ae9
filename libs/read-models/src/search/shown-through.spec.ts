import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DRAWS_LEVEL_WITHIN_MS } from '../generations/generation-in-use.js';
import { ShownThrough } from './shown-through.js';

interface Page {
  readonly indexedThrough: bigint | null;
  readonly shownThrough: bigint | null;
}

describe('a search after another one that showed newer events', () => {
  let shown: ShownThrough;
  let refreshes: number;
  const at = (indexedThrough: bigint | null, shownThrough = indexedThrough): Page => ({
    indexedThrough,
    shownThrough,
  });
  /** Gives the pages in turns; a refresh precedes each page but the first. */
  const answers = (source: string, ...pages: readonly Page[]) => {
    const left = pages.map((page) => ({ source, page }));
    const refresh = async () => void refreshes++;
    refreshes = 0;
    return shown.level(async () => left.shift()!, refresh);
  };
  beforeEach(async () => {
    shown = new ShownThrough();
    await answers('one', at(890n, 896n));
  });
  afterEach(() => void jest.restoreAllMocks());

  it('does not wait in the same source, nor in another one that is as far', async () => {
    expect(await answers('one', at(880n))).toEqual(at(880n)); // this source was searched before
    expect(await answers('other', at(896n))).toEqual(at(896n));
    expect(await answers('other', at(null))).toEqual(at(null));
  });

  it('has another source refreshed and asks it again until it has all that was shown', async () => {
    const first = [at(null), at(875n), at(890n, 899n), at(895n, 899n)];
    expect(await answers('other', ...first, at(897n, 899n))).toEqual(at(897n, 899n));
    expect(refreshes).toBe(first.length);
    expect(await answers('other', at(897n))).toEqual(at(897n));
  });

  it('waits also for what the source before the flip showed after the flip', async () => {
    await answers('other', at(896n));
    await answers('one', at(910n));
    expect(await answers('other', at(900n), at(911n))).toEqual(at(911n));
  });

  it('waits in the source that is to be searched by then, not in the one that was asked first', async () => {
    await answers('other', at(899n));
    const left = [
      { source: 'one', page: at(895n, 896n) }, // from before the flip, and late
      { source: 'other', page: at(898n, 899n) },
    ];
    expect(await shown.level(async () => left.shift()!)).toEqual(at(898n, 899n));
  });

  it('waits no longer than is allowed, and later searches need to show no more than its answer', async () => {
    let nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    const behind = { source: 'other', page: at(875n) };
    const refresh = async () => void (nowMs += DRAWS_LEVEL_WITHIN_MS / 2);
    const ask = jest.fn(async () => behind);
    expect(await shown.level(ask, refresh)).toEqual(behind.page);
    expect(ask).toHaveBeenCalledTimes(3);
    expect(await answers('one', at(876n))).toEqual(at(876n));
  });

  it('lets an error of what is asked again through', async () => {
    const away = () => Promise.reject(new Error('it is away'));
    const behind = { source: 'other', page: at(875n) };
    await expect(shown.level(async () => behind, away)).rejects.toThrow('it is away');
  });
});
