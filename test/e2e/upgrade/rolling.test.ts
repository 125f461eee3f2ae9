import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { listGenerations } from '#read-models/generations/generation-list.js';
import { readModelFingerprints } from '#read-models/read-model-fingerprints.js';
import type { AppProcess } from '../../support/app-process.js';
import { caughtUpAnswer } from '../../support/caught-up-answer.js';
import { nextRelease, type NextRelease } from '../../support/next-release.js';
import { place, tags, WrittenOrder } from '../../support/order-streams.js';
import { ReleaseProcesses } from '../../support/release-processes.js';
import { repositoryRoot } from '../../support/seeded-tree.js';
import { until } from '../../support/until.js';

// Processes of two releases start here, on a machine that may be busy with others.
jest.setTimeout(300_000);
const LIMIT_MS = 60_000;
const ORDERS = 60;

interface Item {
  readonly orderId: string;
  readonly revision: number;
  readonly reference: string | null;
}

describe('a release with another projection', () => {
  let processes: ReleaseProcesses;
  let next: NextRelease;
  let hot: WrittenOrder;

  beforeAll(async () => {
    [processes, next] = await Promise.all([
      ReleaseProcesses.open(),
      // An order without a reference is shown by its number.
      nextRelease({
        file: 'libs/read-models/src/order-summary.js',
        replaced: 'reference: order.reference,',
        by: 'reference: order.reference ?? order.number,',
      }),
    ]);
    for (let count = 0; count < ORDERS; count++) {
      const order = new WrittenOrder(processes.bench.eventStore);
      await order.does(place(order, 2, { reference: null }));
      hot = order;
    }
  });
  afterAll(async () => {
    await processes.close();
    await next.remove();
  });

  const start = (root: string, name: 'projector' | 'query-api') => processes.start(root, name);
  const stop = async (...apps: AppProcess[]) => {
    for (const app of apps) expect(await processes.stop(app)).toBe(0);
  };
  const ready = (app: AppProcess) => until('it is ready', () => app.isReady(), LIMIT_MS);

  /** A client that sends the last token that it saw, to whichever release it is told to ask. */
  class Client {
    #token: string | null = null;
    revision = 0;
    asked = 0;
    readonly failures: string[] = [];

    async #ask(api: AppProcess): Promise<{ status: number; headers: Headers; text: string }> {
      const response = await fetch(`${api.url}/v1/orders?number=${hot.order.number}`, {
        headers: {
          authorization: `Bearer ${processes.token}`,
          ...(this.#token === null ? {} : { 'consistent-with': this.#token }),
        },
      });
      this.asked += 1;
      return { status: response.status, headers: response.headers, text: await response.text() };
    }

    /** null: the order is not shown, which is a failure. */
    async read(api: AppProcess): Promise<Item | null> {
      const { status, headers, text } = await caughtUpAnswer(() => this.#ask(api));
      if (status !== 200) {
        this.failures.push(`${status} ${text.slice(0, 200)}`);
        return null;
      }
      const [item] = (JSON.parse(text) as { items: Item[] }).items;
      this.#token = headers.get('order-position') ?? this.#token;
      if (item === undefined) {
        this.failures.push('the order is not found');
        return null;
      }
      if (item.revision < this.revision) this.failures.push(`${item.revision} after ${this.revision}`);
      this.revision = item.revision;
      return item;
    }

    /** Again and again, until the work is done. */
    async during<T>(api: AppProcess, work: () => Promise<T>): Promise<T> {
      let done = false;
      const reading = (async () => {
        while (!done) await this.read(api);
      })();
      try {
        return await work();
      } finally {
        done = true;
        await reading;
      }
    }
  }

  /** Appends while the client reads, once for each time: more would only wait, on a machine that may be busy. */
  async function writing<T>(client: Client, work: () => Promise<T>): Promise<T> {
    let done = false;
    const appending = (async () => {
      for (let count = 0; !done; count++) {
        await hot.does(tags(`t${count}-${Date.now()}`));
        const { asked } = client;
        await until('somebody has read', () => done || client.asked > asked, LIMIT_MS);
      }
    })();
    try {
      return await work();
    } finally {
      done = true;
      await appending;
    }
  }

  const activeNumber = async () =>
    (await listGenerations(processes.bench.pool)).find(({ role }) => role === 'active')?.id;

  const references = async (schema: string) =>
    processes.bench.rows<{ orders: string; numbers: string; events: string }>(
      `SELECT count(*) AS orders, count(*) FILTER (WHERE reference = number) AS numbers,
         (SELECT count(*) FROM ${schema}.order_history WHERE reference IS NOT NULL) AS events FROM ${schema}.orders`,
    );

  it('has other fingerprints', () => {
    expect(next.fingerprints.postgres).toMatch(/^[0-9a-f]{64}$/);
    expect(next.fingerprints.postgres).not.toBe(readModelFingerprints.postgres);
  });

  it('takes the place of this one under load, and this one the place of that one again', async () => {
    const client = new Client();
    const oldProjector = await start(repositoryRoot, 'projector');
    let oldApi = await start(repositoryRoot, 'query-api');
    await ready(oldApi);
    await until('the order is there', async () => (await client.read(oldApi))?.reference === null, LIMIT_MS);
    client.failures.length = 0; // until it was there

    await writing(client, async () => {
      // The new one builds beside the old one, which answers, and answers with its own definition, all the time.
      const newApi = await start(next.root, 'query-api');
      expect(await newApi.isReady()).toBe(false);
      const newProjector = await client.during(oldApi, async () => {
        const projector = await start(next.root, 'projector');
        await ready(newApi);
        return projector;
      });
      expect(await client.read(oldApi)).toMatchObject({ reference: null });
      expect(await client.read(newApi)).toMatchObject({ reference: hot.order.number });

      // Both answer; a process of the old one that starts now is good, too.
      await stop(oldApi);
      oldApi = await client.during(newApi, async () => {
        const another = await start(repositoryRoot, 'query-api');
        await ready(another);
        return another;
      });
      expect(await client.read(oldApi)).toMatchObject({ reference: null });
      await client.during(newApi, () => stop(oldApi, oldProjector));
      expect(await client.read(newApi)).toMatchObject({ reference: hot.order.number });
      const before = client.revision;
      await client.during(newApi, () =>
        until('more is written and read', () => client.revision > before + 20, LIMIT_MS),
      );
      expect(client.failures).toEqual([]);

      // Back to the old one: it is not ready before it has what the new one had.
      await stop(newProjector);
      oldApi = await start(repositoryRoot, 'query-api');
      expect(await oldApi.isReady()).toBe(false);
      const projector = await client.during(newApi, () => start(repositoryRoot, 'projector'));
      await ready(oldApi);
      expect(await client.read(oldApi)).toMatchObject({ reference: null });
      await stop(newApi);
      await client.during(oldApi, () =>
        until('the flip back', async () => (await activeNumber()) === 1, LIMIT_MS),
      );
      await client.during(oldApi, () => stop(projector));
    });
    expect(client.failures).toEqual([]);
    const generations = await listGenerations(processes.bench.pool);
    expect(generations).toMatchObject([
      { id: 1, fingerprint: readModelFingerprints.postgres, role: 'active', state: 'ready' },
      { id: 2, fingerprint: next.fingerprints.postgres, role: 'previous', state: 'ready' },
    ]);
    // No row of one definition is in the other one's tables.
    expect(await references('gen_1')).toEqual([{ orders: String(ORDERS), numbers: '0', events: '0' }]);
    expect(await references('gen_2')).toMatchObject([{ orders: String(ORDERS), numbers: String(ORDERS) }]);
    const { rows } = await processes.bench.pool.query(
      `SELECT FROM gen_2.order_history WHERE reference IS NULL`,
    );
    expect(rows).toEqual([]);
  });
});
