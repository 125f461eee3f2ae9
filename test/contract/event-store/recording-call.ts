import { EventEmitter } from 'node:events';
import type { FrameBatch } from '../../../apps/event-store/src/wire/frames.js';
import { streams } from '../../../apps/event-store/src/wire/generated.js';

const PREFIX_BYTES = 5;

/** The server's side of a read or a subscription: it notes what is sent, of an event the revision. */
export class RecordingCall extends EventEmitter {
  readonly cancelled = false;
  readonly sent: string[] = [];

  write(batch: FrameBatch, callback: () => void): boolean {
    const bytes = Buffer.alloc(batch.byteLength + PREFIX_BYTES);
    batch.copy(bytes);
    for (let at = 0; at < bytes.length;) {
      const end = at + PREFIX_BYTES + bytes.readUInt32BE(at + 1);
      const message = streams.ReadResp.deserializeBinary(bytes.subarray(at + PREFIX_BYTES, end));
      const revision = message.getEvent()?.getEvent()?.getStreamRevision();
      this.sent.push(revision ?? (message.hasCaughtUp() ? 'caught up' : 'confirmed'));
      at = end;
    }
    setImmediate(callback);
    return true;
  }

  end(): void {
    this.sent.push('end');
  }
}
