import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';
import { CannotFlip, flipTo, rollback } from '#projections/generations/flip.js';
import { dropGeneration } from '#read-models/generations/drop-generation.js';
import { markReady } from '#read-models/generations/generation-states.js';
import { listGenerations } from '#read-models/generations/generation-list.js';
import { createGeneration } from '#read-models/generations/generation.js';
import { caughtUpAnswer } from '../../support/caught-up-answer.js';
import { testPool } from '../../support/database.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { startTestQuerySystem, type QueryAnswer, type TestQuerySystem } from '../../support/query-api.js';
import { until } from '../../support/until.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(300_000);

const FLIPS = 12;
const ORDERS = 40;
const PATIENCE_MS = 60_000;

/** What went wrong, by whom; the test ends with all of it. */
type Failures = string[];

describe('flips and rollbacks under load, with two query-apis', () => {
  let system: TestQuerySystem;
  let asks: TestQuerySystem['ask'][];
  let pool: pg.Pool;
  let hot: WrittenOrder;

  beforeAll(async () => {
    system = await startTestQuerySystem();
    asks = [(path, asking) => system.ask(path, asking), (await system.another()).ask];
    pool = testPool(system.postgresUrl, 4);
    hot = new WrittenOrder(system.eventStore);
    await hot.does(place(hot));
    for (let count = 1; count < ORDERS; count++) {
      const order = new WrittenOrder(system.eventStore);
      await order.does(place(order));
    }
    system.startProjector();
    await system.caughtUp();
  });
  afterAll(async () => {
    await pool.end();
    await system.close();
  });

  const flips = { elasticsearch: null, patienceMs: PATIENCE_MS };

  it('fail no query and let no reader see time go back', async () => {
    const failures: Failures = [];
    const counts = { reads: 0, flips: 0, pages: 0 };
    let ended = false;
    const load = [
      writing(() => ended),
      ...asks.map((ask, index) => oneServer(ask, `reader of ${index}`, () => ended)),
      ...[1, 2, 3].map((id) => withTokens(`reader ${id}`, () => ended)),
      paging(() => ended),
    ];
    try {
      for (let count = 0; count < FLIPS; count++) {
        if (count % 4 === 0) {
          const next = await createGeneration(pool, { indexPrefix: null, madeBy: 'replay' });
          await markReady(pool, next);
          await flipTo({ ...flips, pool }, next.id);
          await dropWhatIsLeft();
        } else await rollback({ ...flips, pool });
        counts.flips += 1;
        const seen = counts.reads;
        await until('more is read', () => counts.reads >= seen + 50, PATIENCE_MS);
      }
    } finally {
      ended = true;
      await Promise.all(load);
    }
    expect(failures).toEqual([]);
    expect(counts.flips).toBe(FLIPS);
    expect(counts.pages).toBeGreaterThan(0);

    async function writing(stop: () => boolean): Promise<void> {
      for (let count = 0; !stop(); count++) {
        await hot.does(tags(`t${count}`));
        // More than a few would only wait for one another, on a machine that may be busy.
        const readsBefore = counts.reads;
        await until('somebody has read', () => stop() || counts.reads > readsBefore, PATIENCE_MS);
      }
    }

    function check(who: string, answer: QueryAnswer, least: number): number {
      counts.reads += 1;
      const revision = Number(answer.body['revision']);
      if (answer.status !== 200) failures.push(`${who}: ${answer.status} ${answer.text.slice(0, 200)}`);
      else if (revision < least) failures.push(`${who}: revision ${revision} after ${least}`);
      return Math.max(revision, least);
    }

    /** Asks one of them, and sends no token. */
    async function oneServer(ask: TestQuerySystem['ask'], who: string, stop: () => boolean): Promise<void> {
      let least = 0;
      while (!stop()) least = check(who, await ask(`/v1/orders/${hot.orderId}`), least);
    }

    /** Asks either, with the last token that it saw. */
    async function withTokens(who: string, stop: () => boolean): Promise<void> {
      let least = 0;
      let token: string | null = null;
      for (let turn = 0; !stop(); turn++) {
        const headers: Record<string, string> = token === null ? {} : { 'consistent-with': token };
        const ask = asks[turn % asks.length]!;
        const answer = await caughtUpAnswer(() => ask(`/v1/orders/${hot.orderId}`, { headers }));
        least = check(who, answer, least);
        token = answer.headers.get('order-position') ?? token;
      }
    }

    /** Goes through all pages again and again, each page from the other one. */
    async function paging(stop: () => boolean): Promise<void> {
      while (!stop()) {
        const seen = new Set<string>();
        let cursor: string | null = null;
        do {
          const path: string = `/v1/orders?limit=7${cursor === null ? '' : `&cursor=${cursor}`}`;
          const page: QueryAnswer = await asks[seen.size % asks.length]!(path);
          if (page.status !== 200) failures.push(`pages: ${page.status} ${page.text.slice(0, 200)}`);
          for (const { orderId } of (page.body['items'] ?? []) as { orderId: string }[]) seen.add(orderId);
          cursor = (page.body['nextCursor'] ?? null) as string | null;
        } while (cursor !== null);
        if (seen.size !== ORDERS) failures.push(`pages: ${seen.size} orders instead of ${ORDERS}`);
        counts.pages += 1;
      }
    }
  });

  async function dropWhatIsLeft(): Promise<void> {
    for (const { id, role } of await listGenerations(pool)) {
      if (role === null) await dropGeneration(pool, id, { removeIndex: null });
    }
  }

  it('leave the active and the previous one, and nothing of those that were dropped', async () => {
    const generations = await listGenerations(pool);
    expect(generations.map(({ role }) => role).sort()).toEqual(['active', 'previous']);
    const { rows } = await pool.query<{ nspname: string }>(
      `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'gen\\_%' ORDER BY 1`,
    );
    expect(rows.map(({ nspname }) => nspname)).toEqual(generations.map(({ schema }) => schema).sort());
    const { rows: left } = await pool.query(
      `SELECT generation FROM orderlog.checkpoints WHERE generation <> ALL ($1)
       UNION ALL SELECT generation FROM orderlog.leases WHERE generation <> ALL ($1) AND generation <> 0`,
      [generations.map(({ id }) => id)],
    );
    expect(left).toEqual([]);
  });

  it('are refused where they would let time go back, and say why', async () => {
    const behind = await createGeneration(pool, { indexPrefix: null, madeBy: 'replay' });
    await expect(flipTo({ ...flips, pool }, behind.id)).rejects.toThrow(
      `generation ${behind.id} is building`,
    );
    await system.stopProjector();
    await markReady(pool, behind);
    const refused = flipTo({ ...flips, pool, patienceMs: 200 }, behind.id);
    await expect(refused).rejects.toBeInstanceOf(CannotFlip);
    await expect(refused).rejects.toThrow(
      /is not caught up: it has no event yet and does not move, while the active one is at \d+/,
    );
    await expect(flipTo({ ...flips, pool }, 99)).rejects.toThrow('there is no generation 99');
    const previous = (await listGenerations(pool)).find(({ role }) => role === 'previous')!;
    await dropGeneration(pool, previous.id, { removeIndex: null });
    await expect(rollback({ ...flips, pool })).rejects.toThrow('no previous generation');
  });
});
