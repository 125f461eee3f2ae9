import { brotliCompressSync, constants } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { PACKED_FROM_BYTES, packedState, UNPACKED_LIMIT_BYTES, unpackedState } from './packed-state.js';

const quickly = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const state = (bytes: number) => Buffer.alloc(bytes, 'state ');

describe('a state as it is stored', () => {
  it.each([
    ['nothing', 0],
    ['a small one', 1_000],
    ['one that is just not packed', PACKED_FROM_BYTES],
    ['the smallest that is packed', PACKED_FROM_BYTES + 1],
    ['the largest that is packed', UNPACKED_LIMIT_BYTES],
  ])('is given back: %s', async (_, bytes) => {
    const unpacked = await unpackedState(await packedState(state(bytes)));
    expect(state(bytes).equals(unpacked as Buffer)).toBe(true);
  });

  it('is not packed while it is small, and takes one octet more then', async () => {
    expect(await packedState(state(PACKED_FROM_BYTES))).toHaveLength(PACKED_FROM_BYTES + 1);
    expect((await packedState(state(PACKED_FROM_BYTES + 1))).length).toBeLessThan(1_000);
  });

  it('is not packed where it is too large to be unpacked again', async () => {
    expect(await packedState(state(UNPACKED_LIMIT_BYTES + 1))).toHaveLength(UNPACKED_LIMIT_BYTES + 2);
  });

  it('is packed well also where its repetitions are far apart', async () => {
    const ids = Buffer.from(Array.from({ length: 40_000 }, (_, n) => `${(n * 7_919) % 104_729};`).join(''));
    const once = await packedState(ids);
    const tenTimes = await packedState(Buffer.concat(Array.from({ length: 10 }, () => ids)));
    expect(tenTimes.length).toBeLessThan(1.1 * once.length);
  });
});

describe('what is stored and was not packed here', () => {
  it('is corrupt when it is empty, or of another kind', async () => {
    expect(await unpackedState(Buffer.of())).toBe('corrupt');
    expect(await unpackedState(Buffer.of(2, 1, 2, 3))).toBe('corrupt');
    expect(await unpackedState(Buffer.of(1, 1, 2, 3))).toBe('corrupt');
  });

  it('is oversized when it would be unpacked into more than any state has', async () => {
    const bomb = brotliCompressSync(state(UNPACKED_LIMIT_BYTES + 1), quickly);
    expect(await unpackedState(Buffer.concat([Buffer.of(1), bomb]))).toBe('oversized');
  });
});
