import { randomUUID } from 'node:crypto';

/** A UUIDv7: milliseconds, then 74 random bits, which Node hands out from a pool. */
export function newEventId(nowMs: number = Date.now()): string {
  const time = nowMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
