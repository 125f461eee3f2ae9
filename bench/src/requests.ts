import type { Dispatcher } from 'undici';
import type { System } from './system.js';

/** One order, read and thrown away; anything but success stops the bench. */
export async function getOrder(from: Dispatcher, token: string, orderId: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await from.request({ path: `/v1/orders/${orderId}`, method: 'GET', headers });
  const text = await response.body.text();
  if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}: ${text}`);
}

/** A command that was done before; anything but its answer again stops the bench. */
export async function repeat(system: System, path: string, key: string, body: string): Promise<void> {
  const response = await system.commands.request({
    path,
    method: 'POST',
    headers: {
      authorization: `Bearer ${system.token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body,
  });
  const text = await response.body.text();
  if (response.headers['idempotent-replayed'] !== 'true') {
    throw new Error(`${path} was not known: ${response.statusCode}: ${text}`);
  }
}
