import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { prepareSharedTables } from '#read-models/generations/generation.js';
import { madeFrom } from '#read-models/generations/made-from.js';
import { LeaseLost } from '#read-models/stores/fence.js';
import { LeasesStore } from '#read-models/stores/leases.store.js';
import type { EventToPark } from '#read-models/stores/quarantine.store.js';
import { RelayStore, relayLease } from '#read-models/stores/relay.store.js';
import { forgetSent } from '../../../apps/orderctl/src/relay/describe-relay.js';
import { freshDatabase, testPool } from '../../support/database.js';
import { takeLease } from '../../support/leases.js';
import { ENGINES_MS } from '../../support/projections.js';

jest.setTimeout(ENGINES_MS);

const ORDER = '00000000-0000-4000-8000-000000000000';
const TARGET = { clusterId: 'cluster', topic: 'topic' };
const KEY = relayLease(TARGET);
const PARKED: EventToPark = {
  ...{ tenantId: 'default', orderId: ORDER, revision: 0, position: 7n, reason: 'too large' },
  ...{ eventId: ORDER, type: 'OrderPlaced', kind: 'permanent', tries: 1, nextTryAfterMs: null },
};

describe('a relay that is to begin anew', () => {
  let database: Awaited<ReturnType<typeof freshDatabase>>;
  let pool: pg.Pool;
  let owner: pg.Client;
  let token: bigint;
  let store: RelayStore;

  beforeEach(async () => {
    database = await freshDatabase();
    pool = testPool(database.url, 2);
    await prepareSharedTables(pool);
    owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    token = await takeLease(owner, KEY);
    store = new RelayStore(owner, TARGET);
    await store.advance(token, { position: 7n, lastEvent: null, ends: null }, [PARKED]);
    await pool.query(`INSERT INTO orderlog.made_from (generation, projection, store_id) VALUES (0, $1, $2)`, [
      KEY.projection,
      ORDER,
    ]);
  });
  afterEach(async () => {
    await owner.end();
    await pool.end();
    await database.drop();
  });

  const renew = () => forgetSent(database.url, TARGET);
  const release = () =>
    new LeasesStore(owner, 'a test', 0).release({
      ...{ ...KEY, token, state: 'live', restarts: 0, lastError: null },
    });
  const known = async () => {
    const read = new RelayStore(pool, TARGET);
    return [await read.position(), (await read.parked()).length, await madeFrom(pool, KEY)];
  };

  it('is left as it is while a projector has it', async () => {
    await expect(renew()).rejects.toThrow(
      'a projector owns the relay to topic, and would go on from where it is: stop the projectors first',
    );
    expect(await known()).toEqual([7n, 1, ORDER]);
    await store.advance(token, { position: 8n, lastEvent: null, ends: null }, []);
  });

  it('has sent nothing yet once no projector has it, and is free for the next', async () => {
    await release();
    expect(await renew()).toBe(true);
    expect(await known()).toEqual([null, 0, null]);
    await expect(
      store.advance(token, { position: 9n, lastEvent: null, ends: null }, [PARKED]),
    ).rejects.toBeInstanceOf(LeaseLost);
    const [seen] = await new LeasesStore(pool, 'another', 0).look([KEY]);
    expect(seen).toMatchObject({ free: true, token: token + 1n });
    expect(await renew()).toBe(false);
  });

  it('is not waited for while the last owner still writes', async () => {
    await owner.query('BEGIN');
    await store.advance(token, { position: 8n, lastEvent: null, ends: null }, []);
    await pool.query('UPDATE orderlog.leases SET expires_at = now()');
    await expect(renew()).rejects.toThrow('a projector owns the relay');
    await owner.query('COMMIT');
    expect(await renew()).toBe(true);
    expect(await known()).toEqual([null, 0, null]);
  });

  it('is free for the next also where its projector died', async () => {
    await owner.end();
    expect(await renew()).toBe(true);
    expect(await known()).toEqual([null, 0, null]);
    owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
  });
});
