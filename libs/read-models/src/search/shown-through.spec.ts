import { beforeEach, describe, expect, it } from '@jest/globals';
import { ShownThrough } from './shown-through.js';

describe('how far searches have shown the events', () => {
  let shown: ShownThrough;
  const never = () => Promise.reject(new Error('it is not asked again'));
  const at = (indexedThrough: bigint | null) => ({ indexedThrough });
  beforeEach(async () => {
    shown = new ShownThrough();
    await shown.level('one', at(896n), never);
  });

  it('is no reason to wait for what was searched before, and for another that is as far', async () => {
    expect(await shown.level('one', at(890n), never)).toEqual(at(890n)); // it was asked before
    expect(await shown.level('other', at(896n), never)).toEqual(at(896n));
    expect(await shown.level('other', at(null), never)).toEqual(at(null));
  });

  it('has another one asked again until it shows no less', async () => {
    const answers = [at(null), at(895n), at(900n)];
    const again = () => Promise.resolve(answers.shift()!);
    expect(await shown.level('other', at(875n), again)).toEqual(at(900n));
    expect(answers).toEqual([]);
    expect(await shown.level('other', at(900n), never)).toEqual(at(900n));
  });

  it('is what one shows that went on after the flip', async () => {
    await shown.level('other', at(896n), never);
    await shown.level('one', at(910n), never);
    const again = () => Promise.resolve(at(911n));
    expect(await shown.level('other', at(900n), again)).toEqual(at(911n));
  });

  it('lets an error of what is asked again through', async () => {
    await expect(shown.level('other', at(875n), never)).rejects.toThrow('it is not asked again');
  });
});
