import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';

/** Of the first octet: what the others are. */
const AS_IT_IS = 0;
const BROTLI = 1;

/**
 * What an order of few lines takes with as many commands as are remembered stays below: their ids and fingerprints, which
 * are as good as random, make the most of it, and packing them would save little.
 */
export const PACKED_FROM_BYTES = 250_000;

/** Far above any order within its limits, with texts of a usual length; and what one order may take of memory here. */
export const UNPACKED_LIMIT_BYTES = 32_000_000;

/** Another level takes twice as long for a tenth less. */
const QUALITY = 4;

const compressed = promisify(brotliCompress);
const decompressed = promisify(brotliDecompress);

/** A state as it is stored: a large one is packed, in a thread beside those that answer. */
export async function packedState(state: Buffer): Promise<Buffer> {
  // What could not be unpacked is left as large as it is: too large.
  const isPacked = state.length > PACKED_FROM_BYTES && state.length <= UNPACKED_LIMIT_BYTES;
  return isPacked
    ? Buffer.concat([Buffer.of(BROTLI), await compressed(state, { params: paramsFor(state.length) })])
    : Buffer.concat([Buffer.of(AS_IT_IS), state]);
}

/** Whatever is stored, no more than the limit is unpacked of it. */
export async function unpackedState(stored: Buffer): Promise<Buffer | 'corrupt' | 'oversized'> {
  const content = stored.subarray(1);
  if (stored[0] === AS_IT_IS) return content;
  if (stored[0] !== BROTLI) return 'corrupt';
  try {
    return await decompressed(content, { maxOutputLength: UNPACKED_LIMIT_BYTES });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'oversized' : 'corrupt';
  }
}

/** The ids of lines come again in each shipment, cancellation, return and refund, however far apart. */
function paramsFor(sizeBytes: number): Record<number, number> {
  const { BROTLI_MAX_WINDOW_BITS, BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } =
    constants;
  return {
    [BROTLI_PARAM_QUALITY]: QUALITY,
    [BROTLI_PARAM_LGWIN]: Math.min(Math.ceil(Math.log2(sizeBytes)), BROTLI_MAX_WINDOW_BITS),
    [BROTLI_PARAM_SIZE_HINT]: sizeBytes,
  };
}
