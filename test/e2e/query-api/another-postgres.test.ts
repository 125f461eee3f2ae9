import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '#platform/logging.js';
import { instantOf } from '#domain/instant.js';
import { ReadModelKeeper } from '#projections/generations/read-model-keeper.js';
import { freshDatabase, freshRole, onServer, withDefaults } from '../../support/database.js';
import { confirm, note, place, tags, WrittenOrder } from '../../support/order-streams.js';
import { startTestQuerySystem, type TestQuerySystem } from '../../support/query-api.js';
import { replayOn } from '../../support/replays.js';
import { until } from '../../support/until.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(120_000);

const at = (time: string) => instantOf(time)!;

describe('read models in a PostgreSQL that is set up in another way', () => {
  const cleanUp: (() => Promise<unknown>)[] = [];
  let system: TestQuerySystem;
  const paths: string[] = [];

  beforeAll(async () => {
    system = await startTestQuerySystem();
    system.startProjector();
    const order = new WrittenOrder(system.eventStore);
    await order.doesAt(place(order, 2, { reference: 'A\\B', customerId: 'c-1' }), at('2026-01-31T23:30:00Z'));
    await order.doesAt(note("it's the \\ key"), at('2026-02-01T00:30:00Z'));
    await order.doesAt(confirm, at('2026-02-28T22:00:00Z'));
    const other = new WrittenOrder(system.eventStore);
    await other.doesAt(place(other, 1, { reference: 'NULL' }), at('2026-02-01T10:00:00Z'));
    await other.doesAt(tags('NULL', 'a\\b'), at('2026-02-02T10:00:00Z'));
    for (const { orderId } of [order, other]) {
      paths.push(`/v1/orders/${orderId}`, `/v1/orders/${orderId}/history`);
      paths.push(`/v1/orders/${orderId}?asOf=2026-02-01T12:00:00Z`);
    }
    paths.push(
      '/v1/orders?limit=10',
      '/v1/orders/totals?by=day',
      '/v1/orders?tag=a%5Cb',
      '/v1/orders?reference=A%5CB',
      '/v1/orders?asOf=2026-02-01T12:00:00Z',
      '/v1/events?limit=10',
      '/v1/exports/orders',
    );
    await system.caughtUp();
  });
  afterEach(async () => {
    for (const undo of cleanUp.splice(0).reverse()) await undo();
  });
  afterAll(() => system.close());

  /** Keeps read models there, from the same events, and starts a query-api on them. */
  async function systemOn(
    postgresUrl: string,
    readingUrl = postgresUrl,
  ): Promise<Pick<TestQuerySystem, 'url' | 'ask'>> {
    const abort = new AbortController();
    const keeping = new ReadModelKeeper({
      ...{ eventStore: system.eventStore, postgresUrl, elasticsearch: null, indexPrefix: null },
      logger: createLogger('projector', 'silent'),
    }).run(abort.signal);
    cleanUp.push(async () => {
      abort.abort();
      await keeping;
    });
    const api = await system.another({ postgresUrl: readingUrl });
    const headers = await system.upToDate();
    await until(
      'it is caught up',
      async () => (await api.ask('/v1/orders', { headers })).status === 200,
      60_000,
    );
    return api;
  }

  const search = (text: string) => ({ method: 'POST', body: { text } });

  it('with other defaults of its sessions, gives the same answers', async () => {
    const database = await freshDatabase();
    cleanUp.push(database.drop);
    await withDefaults(database.url, [
      `default_transaction_isolation = 'serializable'`,
      `DateStyle = 'German, DMY'`,
      `TimeZone = 'Asia/Kathmandu'`,
      'standard_conforming_strings = off',
      'array_nulls = off',
    ]);
    const api = await systemOn(database.url);
    for (const path of paths) {
      const [usual, here] = [await system.ask(path), await api.ask(path)];
      expect([path, here.status, here.text]).toEqual([path, 200, usual.text]);
    }
    const [usual, here] = await Promise.all(
      [system, api].map((one) => one.ask('/v1/orders/search', search('hangin haert'))),
    );
    expect([here!.status, here!.body]).toEqual([200, usual!.body]);
    expect(usual!.body['items']).toHaveLength(2);
  });

  it('whose extensions are in a schema of their own, finds misspelt words, also after a replay', async () => {
    const [role, database] = await Promise.all([freshRole(), freshDatabase()]);
    cleanUp.push(role.drop, database.drop);
    await onServer(
      database.url,
      `CREATE SCHEMA "of others"; CREATE EXTENSION pg_trgm SCHEMA "of others";
       GRANT USAGE ON SCHEMA "of others" TO ${role.name};
       GRANT CREATE ON DATABASE ${new URL(database.url).pathname.slice(1)} TO ${role.name}`,
    );
    const postgresUrl = role.urlOf(database);
    const api = await systemOn(postgresUrl);
    const asked = search('hangin haert');
    const { body } = await system.ask('/v1/orders/search', asked);
    const found = async () => {
      const { status, body } = await api.ask('/v1/orders/search', asked);
      return [status, body['items']];
    };
    expect(await found()).toEqual([200, body['items']]);

    await replayOn({ eventStore: system.eventStore, postgresUrl });
    await until('the new generation is read', async () => {
      const [row] = await onServer<{ generation: number }>(
        database.url,
        'SELECT generation FROM orderlog.active_generation',
      );
      return row!.generation === 2;
    });
    expect(await found()).toEqual([200, body['items']]);

    await onServer(database.url, 'ALTER EXTENSION pg_trgm SET SCHEMA public');
    expect(await found()).toEqual([200, body['items']]);
  });

  it('is read by a role that may only read, and query-api is not ready where it may not', async () => {
    const [owner, reader, database] = await Promise.all([freshRole(), freshRole(), freshDatabase()]);
    cleanUp.push(owner.drop, reader.drop, database.drop);
    const defaults = `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner.name} GRANT`;
    await onServer(
      database.url,
      `GRANT CREATE ON DATABASE ${new URL(database.url).pathname.slice(1)} TO ${owner.name};
       ${defaults} USAGE ON SCHEMAS TO ${reader.name}; ${defaults} SELECT ON TABLES TO ${reader.name}`,
    );
    const api = await systemOn(owner.urlOf(database), reader.urlOf(database));
    for (const path of paths) expect([path, (await api.ask(path)).status]).toEqual([path, 200]);
    expect((await api.ask('/v1/orders/search', search('hangin haert'))).status).toBe(200);
    expect((await api.ask('/health/ready')).body).toMatchObject({ checks: { generation: 'ok' } });

    const readiness = async () => {
      const { status, body } = await api.ask('/health/ready');
      return [status, (body['checks'] as Record<string, string>)['generation']];
    };
    for (const table of ['gen_1.orders', 'orderlog.late_rows']) {
      await onServer(database.url, `REVOKE SELECT ON ${table} FROM ${reader.name}`);
      expect([table, ...(await readiness())]).toEqual([table, 503, 'failed']);
      await onServer(database.url, `GRANT SELECT ON ${table} TO ${reader.name}`);
      expect(await readiness()).toEqual([200, 'ok']);
    }
    await onServer(database.url, 'REVOKE USAGE ON SCHEMA public FROM PUBLIC');
    expect(await readiness()).toEqual([503, 'failed']); // searches need what is in there
    expect((await api.ask('/v1/orders/search', { method: 'POST', body: {} })).status).toBe(200);
    await onServer(database.url, 'GRANT USAGE ON SCHEMA public TO PUBLIC');

    await onServer(database.url, 'ALTER TABLE orderlog.skips RENAME TO not_made_yet');
    expect(await readiness()).toEqual([200, 'ok']);
  });
});
