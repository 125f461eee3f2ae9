import type { System } from './system.js';

/** Repeats a command that was done before. Anything but the replayed answer stops the bench. */
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
