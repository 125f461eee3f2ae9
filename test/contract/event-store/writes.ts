import { randomUUID } from 'node:crypto';
import type { PendingWrite, WriteOutcome } from '../../../apps/event-store/src/storage/pending-write.js';
import type { Store } from '../../../apps/event-store/src/streams/store.js';

/**
 * Gives a write to the writer as a call of its own does: unless it says otherwise, one event appended to whatever the
 * stream is.
 * What is given to it in one turn of the event loop shares a batch.
 */
export async function submit(
  { writer }: Store,
  write: Partial<PendingWrite> & { stream: string },
): Promise<WriteOutcome> {
  return new Promise((done) =>
    writer.submit({
      call: {},
      kind: 'append',
      expected: 'any',
      events: [oneEvent()],
      bytes: 1,
      deadlineMs: null,
      done,
      ...write,
    }),
  );
}

export const oneEvent = () => ({
  id: randomUUID(),
  type: 'Any',
  isJson: true,
  data: Buffer.from('{}'),
  metadata: Buffer.alloc(0),
});
