import http from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import pg from 'pg';
import { activeGeneration } from '#read-models/generations/generation.js';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { startTestQuerySystem, type TestQuerySystem } from '../../support/query-api.js';
import { until } from '../../support/until.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(120_000);

const COPIES = 25_000;

describe('a large export', () => {
  let system: TestQuerySystem;
  let db: pg.Client;

  // One order as the projector wrote it, many times over: more than all buffers between here and there.
  beforeAll(async () => {
    system = await startTestQuerySystem();
    const order = new WrittenOrder(system.eventStore);
    await order.does(place(order));
    system.startProjector();
    await system.caughtUp();
    db = new pg.Client({ connectionString: system.postgresUrl });
    await db.connect();
    const { schema } = (await activeGeneration(db))!;
    await db.query(`CREATE TEMP TABLE copy AS SELECT * FROM ${schema}.orders`);
    await db.query(
      `INSERT INTO ${schema}.orders SELECT (jsonb_populate_record(copy, jsonb_build_object('order_id', gen_random_uuid(), 'document', 1))).*
       FROM copy, generate_series(2, ${COPIES})`,
    );
  });
  afterAll(async () => {
    await db.end();
    await system.close();
  });

  it('has every order once', async () => {
    const { text } = await system.ask('/v1/exports/orders?format=csv');
    const [header, ...lines] = text.split('\r\n');
    expect(header).toMatch(/^orderId,/);
    expect(lines.pop()).toBe('');
    expect(lines).toHaveLength(COPIES);
    expect(new Set(lines.map((line) => line.split(',', 1)[0])).size).toBe(COPIES);
  });

  it('holds back while its client does not read, and stops when the client goes', async () => {
    const response = await paused();
    await until('PostgreSQL waits for the reader', async () => (await exporting()) === 'idle in transaction');
    response.destroy();
    await until('the transaction is over', async () => (await exporting()) === 'none');
    expect((await system.ask('/v1/orders?limit=1')).status).toBe(200);
  });

  it('is refused as the third of its tenant at once, and keeps no other tenant from its own', async () => {
    const reading = await Promise.all([1, 2].map(() => paused()));
    const third = await system.ask('/v1/exports/orders');
    expect([third.status, third.body['code']]).toEqual([429, 'too_many_requests']);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    const token = await system.token({ tenant: 'demo' });
    expect(await system.ask('/v1/exports/orders', { token })).toMatchObject({ status: 200, text: '' });
    for (const response of reading) response.destroy();
    await until('one is taken again', async () => {
      return (await system.ask('/v1/exports/orders?customerId=none')).status === 200;
    });
  });

  it('that is only asked for by HEAD keeps nothing open', async () => {
    const headers = { authorization: `Bearer ${await system.token()}` };
    const { status } = await fetch(`${system.url}/v1/exports/orders?format=csv`, { method: 'HEAD', headers });
    expect(status).toBe(200);
    await until('the transaction is over', async () => (await exporting()) === 'none');
  });

  it('whose connection is lost while its client does not read ends alone, and its end is logged', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn');
    const response = await paused();
    await until('PostgreSQL waits for the reader', async () => (await exporting()) === 'idle in transaction');
    await db.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'orderlog query-api exports'`,
    );
    const broken = once(response, 'error');
    response.resume();
    expect(await broken).toMatchObject([{ code: 'ECONNRESET' }]);
    expect(warned).toHaveBeenCalledWith(expect.stringMatching(/^an export broke off: ./));
    warned.mockRestore();
    expect((await system.ask('/v1/orders?limit=1')).status).toBe(200);
  });

  it('is ended when its client takes nothing for too long, and others of its tenant are taken again', async () => {
    const { url, ask } = await system.another({ exportStalledAfterMs: 500 });
    const reading = await Promise.all([1, 2].map(() => paused(url)));
    await until('others are taken', async () => {
      return (await ask('/v1/exports/orders?customerId=none')).status === 200;
    });
    await until('the transactions are over', async () => (await exporting()) === 'none');
    for (const response of reading) {
      response.resume();
      await until('its client is told', () => response.destroyed);
      expect(response.complete).toBe(false);
    }
  });

  /** An export whose client stopped reading. */
  async function paused(url = system.url): Promise<http.IncomingMessage> {
    const request = http.get(`${url}/v1/exports/orders`, {
      headers: { authorization: `Bearer ${await system.token()}` },
    });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    return response.pause();
  }

  async function exporting(): Promise<string> {
    const { rows } = await db.query<{ state: string }>(
      `SELECT state FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'orderlog query-api exports' AND xact_start IS NOT NULL`,
    );
    return rows[0]?.state ?? 'none';
  }
});
