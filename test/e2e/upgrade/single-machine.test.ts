import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createClient, Session } from '#client/orderlog-client.js';
import { nextRelease, type NextRelease } from '../../support/next-release.js';
import { orderctl, startUpOf, type Up } from '../../support/orderctl.js';
import { mugOrder } from '../../support/orders.js';
import { repositoryRoot } from '../../support/seeded-tree.js';

// A whole system starts three times, on a machine that may be busy with others.
jest.setTimeout(400_000);
const ORDERS = 30;

describe('orderctl up, after an upgrade', () => {
  let next: NextRelease;
  let data: string;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'orderlog-upgrade-'));
    next = await nextRelease({
      file: 'libs/read-models/src/order-summary.js',
      replaced: 'reference: order.reference,',
      by: 'reference: order.reference ?? order.number,',
    });
  });
  afterAll(async () => {
    await Promise.all(started.map((up) => up.end('SIGTERM'))); // those that a failure has left
    await next.remove();
    await rm(data, { recursive: true, force: true });
  });

  const started: Up[] = [];
  const start = async (root: string) => {
    const up = await startUpOf(root, {}, data, '--no-demo');
    started.push(up);
    return up;
  };

  /** Whatever release answers, it shows what was placed. */
  const session = new Session();
  const clientOf = ({ ports }: Up, token: string) =>
    createClient({
      commandUrl: `http://127.0.0.1:${ports.command}`,
      queryUrl: `http://127.0.0.1:${ports.query}`,
      token,
      session,
    });
  const place = (up: Up, token: string, key: string) => clientOf(up, token).placeOrder(mugOrder(), { key });

  /** What is shown as the reference of each order. */
  async function references(up: Up, token: string): Promise<Set<'none' | 'number' | 'other'>> {
    const { items } = await clientOf(up, token).listOrders({ limit: 100 });
    expect(items.length).toBeGreaterThanOrEqual(ORDERS);
    return new Set(
      items.map(({ reference, number }) =>
        reference === null ? 'none' : reference === number ? 'number' : 'other',
      ),
    );
  }

  it('builds the read models of its release before it is ready, and says so; and goes back the same way', async () => {
    const old = await start(repositoryRoot);
    const token = (
      await orderctl('token', '--scope', 'orders:read orders:write', '--data', data)
    ).stdout.trim();
    for (let count = 0; count < ORDERS; count++) await place(old, token, `k${count}`);
    expect(await references(old, token)).toEqual(new Set(['none']));
    const list = JSON.parse(
      (await orderctl('generations', 'list', '--json', '--data', data)).stdout,
    ) as object[];
    expect(list).toMatchObject([{ generation: 1, role: 'active', ofThisRelease: true }]);
    const refused = await orderctl('generations', 'activate', '7', '--data', data);
    expect(refused).toMatchObject({ code: 1, stderr: 'orderctl: there is no generation 7, only 1\n' });
    expect(await orderctl('generations', 'rollback', '--data', data)).toMatchObject({
      code: 1,
      stderr: 'orderctl: there is no previous generation to go back to\n',
    });
    expect((await orderctl('migrations', 'list', '--data', data)).stdout).toContain('baseline');
    const definition = join(data, 'definition.mjs');
    await writeFile(
      definition,
      'export default { summary: (asNow) => ({ ...asNow, reference: asNow.reference ?? asNow.number }) };',
    );
    const whatIf = await orderctl('replay', '--what-if', definition, '--data', data);
    expect(whatIf).toMatchObject({ code: 0 });
    expect(whatIf.stdout).toContain(`${ORDERS} would differ; nothing was changed`);
    expect(await old.end('SIGTERM')).toBe(0);

    const upgraded = await start(next.root);
    expect(upgraded.output.stderr).toContain(
      'the read models (generation 1) are of another release: this release builds its own beside them',
    );
    expect(await references(upgraded, token)).toEqual(new Set(['number']));
    await place(upgraded, token, 'later');
    expect(await upgraded.end('SIGTERM')).toBe(0);

    const back = await start(repositoryRoot);
    expect(await references(back, token)).toEqual(new Set(['none']));
    const other = await orderctl('generations', 'activate', '2', '--data', data);
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('is of another release') });
    expect((await orderctl('verify', '--data', data)).stdout).toContain(`${ORDERS + 1} orders`);
    expect(await orderctl('generations', 'drop', '2', '--data', data)).toMatchObject({
      code: 0,
      stdout: 'generation 2 is dropped\n',
    });
    for (const verify of ['full', 'sample=1']) {
      const replayed = await orderctl('replay', '--verify', verify, '--json', '--data', data);
      expect(replayed).toMatchObject({ code: 0 });
    }
    expect(await orderctl('replay', '--verify', 'some', '--data', data)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('full, or sample=N with N from 1 is needed'),
    });
    expect(await references(back, token)).toEqual(new Set(['none']));
    expect(await back.end('SIGTERM')).toBe(0);
  });
});
