import { randomFillSync } from 'node:crypto';
import { v7 as uuidV7 } from 'uuid';

const RANDOM_BYTES = 16;
const pool = Buffer.alloc(RANDOM_BYTES * 256);
let used = pool.length;

/** A UUIDv7. Random bytes are fetched for many ids at once: asking the system takes longer than all the rest. */
export function newEventId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return uuidV7({ random: pool.subarray(used, (used += RANDOM_BYTES)) });
}
