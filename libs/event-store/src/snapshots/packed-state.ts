import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants } from 'node:zlib';

/** Values of the first octet, which tells the form of the others. */
const AS_IT_IS = 0;
const BROTLI = 1;

/**
 * An order of few lines stays below this, even with as many commands as are remembered. Most of its state is the
 * ids and fingerprints of the commands, which are as good as random: packing them would save little.
 */
export const PACKED_FROM_BYTES = 250_000;

/**
 * Far above any order within its limits, with texts of usual length. It also bounds the memory for one order here.
 */
export const UNPACKED_LIMIT_BYTES = 32_000_000;

/** One level more takes twice as long, for a result that is a tenth smaller. */
const QUALITY = 4;

const compressed = promisify(brotliCompress);
const decompressed = promisify(brotliDecompress);

/** A state as it is stored. A large one is packed, in another thread than the one that answers requests. */
export async function packedState(state: Buffer): Promise<Buffer> {
  // A state over the limit could not be unpacked again. It is left unpacked, and so is too large to be stored.
  const isPacked = state.length > PACKED_FROM_BYTES && state.length <= UNPACKED_LIMIT_BYTES;
  return isPacked
    ? Buffer.concat([Buffer.of(BROTLI), await compressed(state, { params: paramsFor(state.length) })])
    : Buffer.concat([Buffer.of(AS_IT_IS), state]);
}

/** The state in what is stored. Never unpacks more than UNPACKED_LIMIT_BYTES. */
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

/** A window as large as the state: line ids recur in shipments, cancellations, returns and refunds, far apart. */
function paramsFor(sizeBytes: number): Record<number, number> {
  const { BROTLI_MAX_WINDOW_BITS, BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } =
    constants;
  return {
    [BROTLI_PARAM_QUALITY]: QUALITY,
    [BROTLI_PARAM_LGWIN]: Math.min(Math.ceil(Math.log2(sizeBytes)), BROTLI_MAX_WINDOW_BITS),
    [BROTLI_PARAM_SIZE_HINT]: sizeBytes,
  };
}
