import { describe, expect, it } from '@jest/globals';
import { validate, version } from 'uuid';
import { newEventId } from './event-id.js';

describe('an event id', () => {
  it('is a UUID of version 7 that begins with its time', () => {
    const nowMs = Date.UTC(2026, 10, 22, 18);
    const id = newEventId(nowMs);
    expect(validate(id)).toBe(true);
    expect(version(id)).toBe(7);
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
  });

  it('sorts by its time, and is another each time', () => {
    const early = newEventId(1);
    expect(newEventId(2) > early).toBe(true);
    expect(new Set(Array.from({ length: 1_000 }, () => newEventId(1))).size).toBe(1_000);
  });
});
