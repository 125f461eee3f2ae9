import pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import { knownStoreIdentity, storeMarkOf } from '#event-store/store-identity.js';
import { encodeOrderPosition } from '#platform/order-position.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import { query, type System } from './system.js';

/** Waits until the read models hold everything in the event store, so that no background work is left. */
export async function untilPositionVisible(system: System, store: EventStore): Promise<void> {
  const position = await store.headPosition();
  if (position === null) return;
  const storeId = await knownStoreIdentity(store);
  if (storeId === null) throw new Error('nobody has given the event store its identity');
  const token = encodeOrderPosition({ position, store: storeMarkOf(storeId), orderId: null, revision: null });
  await untilAnswered(system, '/v1/orders?limit=1', token);
  if (system.usesIndex) await untilAnswered(system, '/v1/orders/search', token, { facets: [], limit: 1 });
}

/** The index that searches are answered from. */
export async function activeIndex({ postgresUrl }: System): Promise<string> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    const generation = await activeGeneration(client);
    if (!generation?.searchIndex) throw new Error('the system does not search in Elasticsearch');
    return generation.searchIndex;
  } finally {
    await client.end();
  }
}

/**
 * Asks until query-api answers at the token's position. query-api waits itself, and answers 503 when its time is
 * up.
 */
export async function untilAnswered(
  system: System,
  path: string,
  token: string,
  body: object | null = null,
): Promise<void> {
  const question = {
    ...(body === null ? {} : { body }),
    headers: { 'consistent-with': token },
    expected: [200, 503],
  };
  while ((await query(system, path, question)).status === 503);
}
