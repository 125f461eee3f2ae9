import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { v5 as uuidV5 } from 'uuid';
import { idsOfCommand } from './command-ids.js';

describe('ids of what a command creates', () => {
  it('are UUIDv5 of the index in the namespace of the command', () => {
    for (let round = 0; round < 20; round++) {
      const commandId = randomUUID();
      const newId = idsOfCommand(commandId);
      for (const index of [0, 1, 9, 10, 1_999, 0, Number.MAX_SAFE_INTEGER]) {
        expect(newId(index)).toBe(uuidV5(String(index), commandId));
      }
    }
  });
});
