const PREFIX_BYTES = 5;

/**
 * A buffer for one gRPC message of `messageBytes`, with its prefix (flag and length) already written. The buffer
 * has memory of its own: a small one from Node's pool would keep the whole pool in memory.
 */
export function allocateFrame(messageBytes: number): Buffer {
  const frame = Buffer.allocUnsafeSlow(PREFIX_BYTES + messageBytes);
  frame[0] = 0; // not compressed
  frame.writeUInt32BE(messageBytes, 1);
  return frame;
}

/**
 * Memory for the frames of one page, in a few pieces, each twice as large as the previous one. A thousand small
 * buffers cost more than the bytes written into them, and so does one large piece for a few frames. Only for
 * frames that are released together, since each frame keeps its whole piece in memory.
 */
export class FrameSlab {
  #piece = Buffer.alloc(0);
  #at = 0;

  /** Like `allocateFrame`. */
  allocate(messageBytes: number): Buffer {
    const bytes = PREFIX_BYTES + messageBytes;
    if (bytes > PIECE_MAX_BYTES / 4) return allocateFrame(messageBytes);
    if (this.#at + bytes > this.#piece.length) {
      const pieceBytes = Math.max(4 * bytes, 2 * this.#piece.length);
      this.#piece = Buffer.allocUnsafeSlow(Math.min(PIECE_MAX_BYTES, pieceBytes));
      this.#at = 0;
    }
    const frame = this.#piece.subarray(this.#at, (this.#at += bytes));
    frame[0] = 0; // not compressed
    frame.writeUInt32BE(messageBytes, 1);
    return frame;
  }
}

const PIECE_MAX_BYTES = 128 * 1024;

export const FRAME_PREFIX_BYTES = PREFIX_BYTES;

/** One gRPC message as a frame of its own. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = allocateFrame(message.length);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/**
 * Many frames that leave in one HTTP/2 write. @grpc/grpc-js sends each message with a write and a system call of
 * its own, which for small events costs more than everything else. Its server allocates `byteLength + 5` bytes,
 * writes the prefix of one message and calls `copy`. So it gets this object instead of a Buffer: `copy` fills in
 * all frames, each with its own prefix.
 */
export class FrameBatch {
  readonly #frames: readonly Buffer[];
  readonly byteLength: number;

  constructor(frames: readonly Buffer[]) {
    this.#frames = frames;
    let total = 0;
    for (const frame of frames) total += frame.length;
    this.byteLength = total - PREFIX_BYTES;
  }

  copy(target: Uint8Array): number {
    let at = 0;
    for (const frame of this.#frames) {
      target.set(frame, at);
      at += frame.length;
    }
    return at;
  }
}

/** For a service definition: the handlers already write the wire format. */
export const serializeFrames = (batch: FrameBatch): Buffer => batch as unknown as Buffer;
