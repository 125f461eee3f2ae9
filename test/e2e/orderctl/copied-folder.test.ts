import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createClient } from '#client/orderlog-client.js';
import { orderctl, startUp, type Up } from '../../support/orderctl.js';
import { mugOrder } from '../../support/orders.js';
import { finished } from '../../support/seeded-tree.js';

const TIMEOUT_MS = 180_000;
const REFERENCES = ['COPY-1', 'COPY-2', 'COPY-3'];

let original: string;
let copy: string;
beforeEach(async () => {
  original = await mkdtemp(join(tmpdir(), 'orderlog-e2e-'));
  copy = await mkdtemp(join(tmpdir(), 'orderlog-e2e-copy-'));
});
afterEach(async () => {
  for (const folder of [original, copy]) await rm(folder, { recursive: true, force: true });
});

/** The system on that folder while it works, which then has to end well. */
async function running<T>(data: string, work: (up: Up) => Promise<T>): Promise<T> {
  const up = await startUp(data, '--no-demo');
  try {
    return await work(up);
  } finally {
    expect(await up.end('SIGTERM')).toBe(0);
  }
}

const clientOf = ({ ports }: Up, token: string) =>
  createClient({
    commandUrl: `http://127.0.0.1:${ports.command}`,
    queryUrl: `http://127.0.0.1:${ports.query}`,
    token,
  });

it(
  'a copy of a stopped data folder starts elsewhere, with the orders, rows and tokens of before',
  async () => {
    const before = await running(original, async (up) => {
      const asked = await orderctl('token', '--scope', 'orders:read orders:write', '--data', original);
      const token = asked.stdout.trim();
      const client = clientOf(up, token);
      const placed = [];
      for (const reference of REFERENCES) placed.push(await client.placeOrder({ ...mugOrder(), reference }));
      const orderId = placed[0]!.orderId;
      return { token, orderId, order: await client.getOrder({ orderId }) };
    });
    // As operations.md says: whole, with owners and permissions.
    expect(await finished('cp', ['-a', `${original}/.`, copy])).toMatchObject({ code: 0 });
    // What is read from here on is in the copy.
    await rm(original, { recursive: true });

    await running(copy, async (up) => {
      const { code, stdout } = await orderctl('verify', '--data', copy, '--json');
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        generation: 1,
        orders: REFERENCES.length,
        differenceCount: 0,
      });
      const { token, orderId, order } = before;
      const client = clientOf(up, token);
      expect(await client.getOrder({ orderId })).toEqual(order);
      // It goes on, too: the next order is one more.
      await client.placeOrder({ ...mugOrder(), reference: 'COPY-4' });
      const again = await orderctl('verify', '--data', copy, '--json');
      expect(JSON.parse(again.stdout)).toMatchObject({ orders: REFERENCES.length + 1, differenceCount: 0 });
    });
  },
  TIMEOUT_MS,
);
