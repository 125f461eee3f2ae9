import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { Leases } from '#projections/lease/leases.js';
import { Ownership } from '#projections/lease/ownership.js';
import { checkpointOf } from '#read-models/checkpoints.js';
import { prepareGeneration, type Generation } from '#read-models/generations/generation.js';
import { ORDERS_PROJECTION } from '#read-models/orders.projection.js';
import type { ProjectionKey } from '#read-models/projection-key.js';
import { LeaseLost } from '#read-models/stores/fence.js';
import { sessionOf } from '#read-models/stores/leases.store.js';
import { OrdersStore } from '#read-models/stores/orders.store.js';
import { RelayStore, relayLease } from '#read-models/stores/relay.store.js';
import { SearchProgressStore } from '#read-models/stores/search-progress.store.js';
import { freshDatabase } from '../../support/database.js';
import { takeLease } from '../../support/leases.js';
import { ENGINES_MS } from '../../support/projections.js';
import { startTcpProxy, through } from '../../support/tcp-proxy.js';
import { until } from '../../support/until.js';

jest.setTimeout(ENGINES_MS);

let database: Awaited<ReturnType<typeof freshDatabase>>;
let pool: pg.Pool;
let generation: Generation;
let stop: AbortController;
let processes: Process[];

beforeEach(async () => {
  database = await freshDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 3 });
  pool.on('error', () => {}); // a test ends sessions
  generation = await prepareGeneration(pool, null);
  stop = new AbortController();
  processes = [];
});

afterEach(async () => {
  stop.abort();
  await Promise.all(processes.map((one) => one.ended));
  await pool.end();
  await database.drop();
});

/** As a projector does with its projections: owns each for as long as it may, and hands over what is asked for. */
class Process {
  readonly leases: Leases;
  readonly owned = new Map<string, Ownership>();
  readonly standby = new Set<string>();
  readonly #stop = new AbortController();
  readonly ended: Promise<unknown>;

  constructor(
    keys: readonly ProjectionKey[],
    readonly url = database.url,
  ) {
    this.leases = new Leases(url);
    const signal = AbortSignal.any([stop.signal, this.#stop.signal]);
    this.ended = Promise.all(keys.map((key) => this.#keep(key, signal)));
    processes.push(this);
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }

  async #keep(lease: ProjectionKey, signal: AbortSignal): Promise<void> {
    const { leases } = this;
    while (!signal.aborted) {
      const ownership = await Ownership.acquire({
        ...{ connectionString: this.url, leases, lease, signal },
        report: () => ({ state: 'live', restarts: 0, lastError: null }),
        onStandby: () => this.standby.add(lease.projection),
      }).catch(() => null); // the signal aborted, or PostgreSQL is away
      if (ownership === null) continue;
      this.owned.set(lease.projection, ownership);
      const leave = AbortSignal.any([signal, ownership.lost, ownership.asked]);
      if (!leave.aborted) await new Promise((resolve) => leave.addEventListener('abort', resolve));
      this.owned.delete(lease.projection);
      await ownership.release();
    }
  }
}

const a: ProjectionKey = { generation: 0, projection: 'a' };
const three: readonly ProjectionKey[] = [
  a,
  { generation: 0, projection: 'b' },
  { generation: 7, projection: 'c' },
];

describe('a lease', () => {
  it('is given to one at a time, to each with a larger token', async () => {
    const first = new Process([a]);
    await until('the first has it', () => first.owned.size === 1);
    const second = new Process([a]);
    await until('the second stands by', () => second.standby.size === 1);
    expect(second.owned.size).toBe(0);
    const { token } = first.owned.get('a')!;
    await first.end();
    await until('the second has it', () => second.owned.size === 1);
    expect(second.owned.get('a')!.token).toBe(token + 1n);
  });

  it('goes on for as long as it is renewed, also while a long transaction is checked against it', async () => {
    const owner = new Process([a]);
    await until('it is owned', () => owner.owned.size === 1);
    const { db } = owner.owned.get('a')!;
    await db.query('BEGIN');
    await db.query(`SELECT FROM orderlog.leases WHERE projection = 'a' FOR KEY SHARE`);
    const expires = async () =>
      (await pool.query<{ at: Date }>('SELECT expires_at AS at FROM orderlog.leases')).rows[0]!.at.getTime();
    const first = await expires();
    await until('it was renewed many times', async () => (await expires()) > first + 4_000);
    await db.query('COMMIT');
    expect(owner.owned.size).toBe(1);
  });

  it('is taken over when the session of its owner is gone', async () => {
    const owner = new Process([a]);
    await until('it is owned', () => owner.owned.size === 1);
    const ownership = owner.owned.get('a')!;
    const other = new Process([a]);
    await until('the other stands by', () => other.standby.size === 1);
    await pool.query(`SELECT pg_terminate_backend(session_pid) FROM orderlog.leases WHERE projection = 'a'`);
    await until('its owner knows', () => ownership.lost.aborted);
    await until('one of them has it', () => owner.owned.size + other.owned.size === 1);
  });

  it('is taken anew by its owner where the host of PostgreSQL was gone without a word', async () => {
    const proxy = await startTcpProxy(Number(new URL(database.url).port));
    const owner = new Process([a], through(proxy, database.url));
    await until('it is owned', () => owner.owned.size === 1);
    const before = owner.owned.get('a')!;
    proxy.loseHost();
    const now = await until(
      'it is owned again',
      () => owner.owned.get('a') !== before && owner.owned.get('a'),
      20_000,
    );
    expect(now.token).toBeGreaterThan(before.token);
    await owner.end();
    await proxy.close();
  });

  it('is taken over from one that stands still with a transaction open, which then fails', async () => {
    const still = new pg.Client({ connectionString: database.url });
    still.on('error', () => {}); // its session is ended
    await still.connect();
    const key = { generation: generation.id, projection: ORDERS_PROJECTION };
    const token = await takeLease(still, key);
    await still.query('BEGIN');
    await new OrdersStore(still, generation, token).writeCheckpoint(5n);
    await leasesRunOut();
    const other = new Process([key]);
    await until('the other has it', () => other.owned.size === 1);
    await expect(still.query('COMMIT')).rejects.toThrow();
    expect(await checkpointOf(pool, generation.id, ORDERS_PROJECTION)).toBeNull();
    await still.end().catch(() => {}); // gone already
  });

  it('is taken over from one that stands still while it makes an order anew, whose rows it lets go', async () => {
    const still = new pg.Client({ connectionString: database.url });
    still.on('error', () => {}); // its session is ended
    await still.connect();
    const key = { generation: generation.id, projection: ORDERS_PROJECTION };
    const token = await takeLease(still, key);
    const { pid } = await sessionOf(still);
    const query = still.query.bind(still) as (...asked: unknown[]) => Promise<unknown>;
    const removed = new Promise<void>((resolve) => {
      still.query = (async (...asked: unknown[]) => {
        const answer = await query(...asked);
        if (!String(asked[0]).startsWith('DELETE')) return answer;
        resolve();
        return new Promise(() => {}); // it stands still
      }) as pg.Client['query'];
    });
    const order = { tenantId: 'default', orderId: NOBODY };
    const rewritten = new OrdersStore(still, generation, token).rewrite(order, { checkpoint: null });
    await Promise.race([removed, rewritten]); // it never is, but may fail
    await leasesRunOut();
    const other = new Process([key]);
    await until('the other has it', () => other.owned.size === 1);
    await until('its session is gone', async () => (await sessions(pid)) === 0);
    await still.end().catch(() => {}); // gone already
  });

  it('is lost with a transaction in which its owner stands still, though it is renewed', async () => {
    const owner = new Process([a]);
    await until('it is owned', () => owner.owned.size === 1);
    const ownership = owner.owned.get('a')!;
    const { pid } = await sessionOf(ownership.db);
    await ownership.db.query('BEGIN');
    await until('its session is ended', () => ownership.lost.aborted, 20_000);
    await until('its session is gone', async () => (await sessions(pid)) === 0);
  });
});

/** As when none was renewed for long enough; what their owners have written by then was written in time. */
async function leasesRunOut(): Promise<void> {
  await pool.query('UPDATE orderlog.leases SET expires_at = now()');
}

/** PostgreSQL lists a session a moment longer than whoever had it knows of its end. */
async function sessions(pid: number): Promise<number> {
  const { rows } = await pool.query<{ there: number }>(
    'SELECT count(*)::int AS there FROM pg_stat_activity WHERE pid = $1',
    [pid],
  );
  return rows[0]!.there;
}

describe('two projectors', () => {
  it('started together share the projections, and each takes over what the other had', async () => {
    const [first, second] = [new Process(three), new Process(three)];
    const have = () => [first.owned.size, second.owned.size].sort();
    await until('they share', () => have().join() === '1,2');
    const [busier, other] = first.owned.size === 2 ? [first, second] : [second, first];
    await busier.end();
    await until('the other has all', () => other.owned.size === 3);
  });

  it('share when one comes later, and go on sharing', async () => {
    const first = new Process(three);
    await until('the first has all', () => first.owned.size === 3);
    const second = new Process(three);
    await until('they share', () => first.owned.size === 2 && second.owned.size === 1);
    const third = new Process(three);
    await until('all have one', () => processes.every(({ owned }) => owned.size === 1));
    await second.end();
    await until('two share', () => first.owned.size + third.owned.size === 3);
    expect([first.owned.size, third.owned.size].sort()).toEqual([1, 2]);
  });
});

describe('a write of a former owner', () => {
  let connections: pg.PoolClient[] = [];
  afterEach(() => {
    for (const client of connections) client.release();
    connections = [];
  });
  const connected = async () => {
    const client = await pool.connect();
    connections.push(client);
    return client;
  };
  const owners = async (key: ProjectionKey) => {
    const client = await connected();
    const before = await takeLease(client, key);
    const now = await takeLease(client, key);
    expect(now).toBe(before + 1n);
    return { client, before, now };
  };

  it('of orders and their checkpoint fails as a whole', async () => {
    const { client, before, now } = await owners({
      generation: generation.id,
      projection: ORDERS_PROJECTION,
    });
    const stale = new OrdersStore(client, generation, before);
    const nothing = { orders: [], history: [], periodEnds: [], searched: [], vocabulary: new Map() };
    await expect(stale.write({ ...nothing, checkpoint: 7n })).rejects.toBeInstanceOf(LeaseLost);
    await expect(stale.writeCheckpoint(7n)).rejects.toBeInstanceOf(LeaseLost);
    expect(await checkpointOf(pool, generation.id, ORDERS_PROJECTION)).toBeNull();
    await new OrdersStore(client, generation, now).writeCheckpoint(7n);
    expect(await checkpointOf(pool, generation.id, ORDERS_PROJECTION)).toBe(7n);
  });

  it('of how far the index is fails, and so does another index in its place', async () => {
    const { client, before, now } = await owners({ generation: generation.id, projection: 'search' });
    const store = new SearchProgressStore(client, generation);
    const reached = { position: 7n, writeSeq: 3n };
    const refused = [{ tenantId: 'default', orderId: NOBODY, revision: 0, reason: 'as it is' }];
    await expect(store.advance(before, reached, refused, [])).rejects.toBeInstanceOf(LeaseLost);
    await expect(store.replaceIndex(before, 'another')).rejects.toBeInstanceOf(LeaseLost);
    expect([await store.checkpoint(), await store.parked()]).toEqual([
      { position: -1n, writeSeq: 0n },
      new Set(),
    ]);
    await store.advance(now, reached, refused, []);
    await expect(store.setBack(before, { position: 3n, writeSeq: 1n })).rejects.toBeInstanceOf(LeaseLost);
    expect(await store.checkpoint()).toEqual(reached);
  });

  it('of how far the relay is fails, with what it would have parked', async () => {
    const target = { clusterId: 'cluster', topic: 'topic' };
    const { client, before, now } = await owners(relayLease(target));
    const store = new RelayStore(client, target);
    const event = { tenantId: 'default', orderId: NOBODY, revision: 0, position: 7n, reason: 'too large' };
    const stored = { ...event, eventId: NOBODY, type: 'OrderPlaced', kind: 'permanent', tries: 1 } as const;
    const parked = { ...stored, nextTryAfterMs: null };
    await expect(
      store.advance(before, { position: 7n, lastEvent: null, ends: null }, [parked]),
    ).rejects.toBeInstanceOf(LeaseLost);
    expect([await store.position(), await store.parked()]).toEqual([null, []]);
    await store.advance(now, { position: 7n, lastEvent: null, ends: null }, [parked]);
    await expect(store.tried(before, parked, 1, null)).rejects.toBeInstanceOf(LeaseLost);
    expect(await store.parked()).toMatchObject([stored]);
  });

  it('fails past the time of the lease, also when nobody has taken it over', async () => {
    const client = await connected();
    const key = { generation: generation.id, projection: ORDERS_PROJECTION };
    const token = await takeLease(client, key, { leaseMs: 1 });
    await until('it is over', async () => {
      const { rows } = await client.query<{ over: boolean }>(
        'SELECT expires_at <= now() AS over FROM orderlog.leases',
      );
      return rows[0]!.over;
    });
    await expect(new OrdersStore(client, generation, token).writeCheckpoint(7n)).rejects.toBeInstanceOf(
      LeaseLost,
    );
  });
});

const NOBODY = '00000000-0000-4000-8000-000000000000';
