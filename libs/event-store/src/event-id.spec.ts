import { expect, it } from '@jest/globals';
import { validate, version } from 'uuid';
import { newEventId } from './event-id.js';

it('an event id is a UUIDv7, and another each time', () => {
  const ids = Array.from({ length: 2_000 }, newEventId);
  expect(ids.filter((id) => !validate(id) || version(id) !== 7)).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
});
