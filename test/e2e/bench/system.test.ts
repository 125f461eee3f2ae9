import { existsSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { command, query, startSystem } from '../../../bench/src/system.js';
import { mugOrder } from '../../support/orders.js';

const TIMEOUT_MS = 180_000;

// No row of the bench runs in the tests: without this, one would hang for ever once `orderctl up` starts differently.
it(
  'the bench starts a system as a user does, gives it commands and questions, and removes it',
  async () => {
    const system = await startSystem();
    try {
      const placed = await command(system, '/v1/orders', 'first', mugOrder());
      const { orderId } = placed.body;
      const answer = await query(system, `/v1/orders/${orderId}`, {
        headers: { 'consistent-with': placed.position },
      });
      expect(JSON.parse(answer.text)).toMatchObject({ orderId, status: 'placed' });
    } finally {
      await system.stop();
    }
    expect(existsSync(system.dataDir)).toBe(false);
  },
  TIMEOUT_MS,
);
