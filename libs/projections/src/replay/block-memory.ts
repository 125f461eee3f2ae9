export const BLOCK_BYTES = 2_048;
const BLOCKS_IN_PIECE = 512;

/**
 * Memory outside the heap in blocks of one size, which are used again once given back. So it takes no more than was
 * ever in use at one time, where pieces of many sizes would leave holes; and the garbage collector has nothing to do.
 */
export class BlockMemory {
  readonly #pieces: Buffer[] = [];
  readonly #free: number[] = [];
  #blocks = 0;
  #gathered = Buffer.alloc(0);

  /** @returns the number of a free block */
  take(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const block = this.#blocks++;
    if (block % BLOCKS_IN_PIECE === 0)
      this.#pieces.push(Buffer.allocUnsafeSlow(BLOCKS_IN_PIECE * BLOCK_BYTES));
    return block;
  }

  giveBack(blocks: readonly number[]): void {
    for (const block of blocks) this.#free.push(block);
  }

  /** Writes bytes of `from` into the block, beginning at `at`: as many as there are, or fit. @returns how many */
  write(block: number, at: number, from: Buffer, start: number, end: number): number {
    const { piece, first } = this.#placeOf(block);
    const count = Math.min(BLOCK_BYTES - at, end - start);
    return from.copy(piece, first + at, start, start + count);
  }

  /** The first `length` bytes of these blocks, one after the other; valid until the next call. */
  gather(blocks: readonly number[], length: number): Buffer {
    if (this.#gathered.length < length) this.#gathered = Buffer.allocUnsafeSlow(roomFor(length));
    for (const [index, block] of blocks.entries()) {
      const { piece, first } = this.#placeOf(block);
      piece.copy(this.#gathered, index * BLOCK_BYTES, first, first + BLOCK_BYTES);
    }
    return this.#gathered.subarray(0, length);
  }

  #placeOf(block: number): { readonly piece: Buffer; readonly first: number } {
    const piece = this.#pieces[Math.floor(block / BLOCKS_IN_PIECE)]!;
    return { piece, first: (block % BLOCKS_IN_PIECE) * BLOCK_BYTES };
  }
}

/** Whole blocks, and more than asked for, so that it seldom grows. */
function roomFor(length: number): number {
  return Math.ceil((2 * length) / BLOCK_BYTES) * BLOCK_BYTES;
}
