import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createClient } from '#client/orderlog-client.js';
import { orderctl, startUp, type Up } from '../../support/orderctl.js';
import { until } from '../../support/until.js';

const TIMEOUT_MS = 120_000;

const INVOICES = `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1001,MUG,Red mug,6,2011-01-03 09:00:00,2.55,17850.0,United Kingdom
1001,POT,"Teapot, white",1,2011-01-03 09:00:00,12,17850.0,United Kingdom
1002,MUG,Red mug,2,2011-01-04 10:00:00,2.60,17850.0,United Kingdom
1003,TRAY,,1,2011-01-04 11:00:00,7.95,,EIRE
1003,BAD,Broken,-3,2011-01-04 11:00:00,1,,EIRE
1003,BAD,Broken,3,2011-01-04 11:00:00,0,,EIRE
A1,B,Adjust bad debt,1,2011-01-05 09:00:00,10,,United Kingdom
C1004,MUG,Red mug,-3,2011-01-06 09:30:00,2.55,17850.0,United Kingdom
C1005,MUG,Red mug,-1,2011-01-06 10:00:00,2.55,,United Kingdom
C1006,NONE,Never sold,-1,2011-01-06 11:00:00,2.55,17850.0,United Kingdom
`;

const FIGURES = {
  ordersPlaced: 3,
  linesImported: 4,
  totalMinor: 6 * 255 + 1_200 + 2 * 260 + 795,
  guestOrders: 1,
  returnsClosed: 2,
  ordersWithReturns: 2,
  unitsReturned: 3,
  refundedMinor: 2 * 260 + 255,
};

const REJECTED = {
  quantity_not_positive: 1,
  price_not_positive: 1,
  no_customer: 1,
  no_matching_order: 1,
  not_an_order: 1,
};

let folder: string;
let data: string;
let up: Up;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-e2e-'));
  // Beside the other folder, not in it: under root, PostgreSQL's user may not pass through that one.
  data = await mkdtemp(join(tmpdir(), 'orderlog-e2e-data-'));
  await writeFile(join(folder, 'invoices.csv'), INVOICES);
  up = await startUp(data);
}, TIMEOUT_MS);

afterAll(async () => {
  await up?.end('SIGTERM');
  for (const path of [folder, data]) await rm(path, { recursive: true, force: true });
}, TIMEOUT_MS);

const run = (command: string, ...args: readonly string[]) => orderctl(command, '--data', data, ...args);
const importInvoices = () =>
  run('import', join(folder, 'invoices.csv'), '--rejects', join(folder, 'rejects.csv'), '--json');
const parsed = (stdout: string) => JSON.parse(stdout) as Record<string, unknown>;
const head = async () => {
  const { eventStore } = parsed((await run('status', '--json')).stdout);
  return (eventStore as { head: string }).head;
};

/** Gives back money beside all imports, and waits until the read models show it. */
async function refundByHand(invoice: string): Promise<void> {
  const scopes = ['--scope', 'orders:read orders:write orders:refund'];
  const token = (await run('token', ...scopes)).stdout.trim();
  const urlOf = (port: number) => `http://127.0.0.1:${port}`;
  const { command, query } = up.ports;
  const client = createClient({ commandUrl: urlOf(command), queryUrl: urlOf(query), token });
  const { items } = await client.listOrders({ reference: invoice });
  const { orderId } = items[0]!;
  const of = { kind: 'amount', amountMinor: 100 } as const;
  const { events } = await client.requestRefund({ orderId, reason: 'goodwill', currency: 'GBP', of });
  const refundId = String(events[0]!.ids['refundId']);
  await client.recordRefundSucceeded({ orderId, refundId, providerReference: 'by hand' });
  await client.getOrder({ orderId });
}

describe('a shop on one machine', () => {
  it('says where everything is, and what to try', () => {
    expect(up.output.stdout).toContain(`http://127.0.0.1:${up.ports.command}/docs`);
    expect(up.output.stdout.match(/^eyJ/gm)).toHaveLength(2);
    expect(up.output.stdout.match(/^ {2}npx orderctl/gm)).toHaveLength(3);
    expect(up.output.stderr).toBe('');
  });

  it(
    'imports its orders, which the read models then show',
    async () => {
      const { code, stdout } = await importInvoices();
      expect(parsed(stdout)).toMatchObject({
        ...{ ...FIGURES, rejected: REJECTED, alreadyImported: 0 },
        commands: 3 * 7 + 2 * 6,
      });
      expect(code).toBe(0);
      const totals = await run('status', '--totals', '--json');
      const { totalMinor, refundedMinor, linesImported: lines, ...counts } = FIGURES;
      expect(parsed(totals.stdout)).toEqual({
        ...{ ...counts, lines },
        currencies: [{ currency: 'GBP', ordersPlaced: 3, totalMinor, refundedMinor }],
      });
      const rejects = await readFile(join(folder, 'rejects.csv'), 'utf8');
      expect(rejects.split('\n').map((line) => line.replace(/^.*invoices\.csv,/, ''))).toEqual([
        'file,line,reason',
        '6,quantity_not_positive',
        '7,price_not_positive',
        '8,not_an_order',
        '10,no_customer',
        '11,no_matching_order',
        '',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'changes nothing by a second import',
    async () => {
      const before = await head();
      const { code, stdout } = await importInvoices();
      expect(parsed(stdout)).toMatchObject({
        ...FIGURES,
        rejected: REJECTED,
        alreadyImported: 3,
        commands: 0,
      });
      expect(code).toBe(0);
      expect(await head()).toBe(before);
    },
    TIMEOUT_MS,
  );

  it(
    'shows an order before and after its return',
    async () => {
      const now = await run('inspect', '1002');
      expect(now.stdout).toMatch(/status +completed/);
      expect(now.stdout).toMatch(/refunded +5\.20 GBP/);
      expect(now.stdout).toContain('return of 2 × MUG requested');
      const before = await run('inspect', '1002', '--as-of', '2011-01-05T00:00:00Z', '--json');
      const { order, history } = parsed(before.stdout) as { order: { totals: object }; history: unknown[] };
      expect(order.totals).toMatchObject({ refundedMinor: 0, totalMinor: 520 });
      expect(history).toHaveLength(7);
      const diff = await run('inspect', '1002', '--diff', '2011-01-05T00:00:00Z..');
      expect(diff.stdout).toMatch(/\/totals\/refundedMinor +0 → 520/);
      const demo = await run('inspect', 'D-1001', '--tenant', 'demo');
      expect(demo.stdout).toContain('refund failed: card_expired');
    },
    TIMEOUT_MS,
  );

  it(
    'finds by verify a row that was changed by hand',
    async () => {
      expect(await run('verify')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('no difference'),
      });
      const { postgresUrl } = parsed(await readFile(join(data, 'system.json'), 'utf8')) as {
        postgresUrl: string;
      };
      const client = new pg.Client({ connectionString: postgresUrl });
      await client.connect();
      const change = (by: number) =>
        client.query(`UPDATE gen_1.orders SET total_minor = total_minor + $1 WHERE reference = '1001'`, [by]);
      await change(1);
      const { code, stdout } = await run('verify');
      await change(-1);
      await client.end();
      expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('total_minor') });
    },
    TIMEOUT_MS,
  );

  it(
    'takes orders of any kind, command by command',
    async () => {
      const order = (key: string, ...more: object[]) =>
        JSON.stringify({
          key,
          commands: [
            {
              do: 'place',
              body: { currency: 'EUR', lines: [{ sku: 'A', name: 'a', quantity: 3, unitPriceMinor: 100 }] },
            },
            { do: 'confirm' },
            ...more,
          ],
        });
      const lines = [
        order(
          'one',
          { do: 'shipments', as: 'parcel', body: { lines: [{ lineId: '{lines.0}', quantity: 2 }] } },
          { do: 'shipments/{parcel}/dispatch' },
          { do: 'tags', body: { tags: ['imported'] } },
        ),
        order('two', {
          do: 'payments/captured',
          body: { amountMinor: 1, currency: 'USD', providerReference: 'x' },
        }),
        JSON.stringify({ key: 'three', commands: [{ do: 'place', body: { currency: 'EUR', lines: [] } }] }),
        // Its first tags are none already: nothing that the order could remember.
        order('four', { do: 'tags', body: { tags: [] } }, { do: 'tags', body: { tags: ['kept'] } }),
      ];
      const file = join(folder, 'orders.ndjson');
      await writeFile(file, lines.join('\n'));
      const rejects = join(folder, 'rejected-orders.csv');
      const again = () => run('import', file, '--format', 'ndjson', '--rejects', rejects, '--json');
      // The second is there, up to the command that was refused.
      const rejected = { currency_mismatch: 1, validation_failed: 1 };
      const figures = { ordersPlaced: 3, commands: 13, rejected };
      expect(parsed((await again()).stdout)).toMatchObject({ ...figures, alreadyImported: 0 });
      const before = await head();
      expect(parsed((await again()).stdout)).toMatchObject({ ...figures, alreadyImported: 2 });
      expect(await head()).toBe(before);
      expect((await readFile(rejects, 'utf8')).trim().split('\n').sort()).toEqual([
        `${file},2,currency_mismatch`,
        `${file},3,validation_failed`,
        'file,line,reason',
      ]);
      const elsewhere = [
        '--command-url',
        `http://127.0.0.1:${up.ports.query}`,
        '--rejects',
        `${rejects}.none`,
      ];
      expect(await run('import', file, '--format', 'ndjson', ...elsewhere)).toMatchObject({
        ...{ code: 1, stdout: '' },
        stderr: expect.stringMatching(
          /^orderctl: \w+: place: 40[45] .* this is not an answer of command-api about an order: check --command-url/m,
        ),
      });
    },
    TIMEOUT_MS,
  );

  it(
    'adds up the amounts of each currency by itself, and shows them with its decimals',
    async () => {
      const file = join(folder, 'currencies.ndjson');
      const order = (key: string, currency: string, unitPriceMinor: number) => {
        const lines = [{ sku: 'A', name: 'a', quantity: 1, unitPriceMinor }];
        return JSON.stringify({ key, commands: [{ do: 'place', body: { currency, lines } }] });
      };
      const orders = [order('yen', 'JPY', 1_450), order('dinar', 'KWD', 1_450), order('more', 'KWD', 50)];
      await writeFile(file, orders.join('\n'));
      const imported = await run(
        'import',
        file,
        '--format',
        'ndjson',
        '--rejects',
        join(folder, 'no-rejects.csv'),
      );
      expect(imported).toMatchObject({ code: 0 });
      const shown = await until('all are in the read models', async () => {
        const { stdout } = await run('status', '--totals');
        return /^orders placed +9$/m.test(stdout) && stdout.trimEnd().split('\n');
      });
      expect(shown).toEqual([
        'orders placed                     9',
        'lines                            10',
        'guest orders                      7',
        'returns closed                    2',
        'orders with returns               2',
        'units returned                    3',
        'total                          9.00 EUR',
        'total                         40.45 GBP',
        'total                         1,450 JPY',
        'total                         1.500 KWD',
        'refunded                       0.00 EUR',
        'refunded                       7.75 GBP',
        'refunded                          0 JPY',
        'refunded                      0.000 KWD',
      ]);
    },
    TIMEOUT_MS,
  );

  it(
    'refunds a cancellation once, whatever the order of the files',
    async () => {
      const [header] = INVOICES.split('\n');
      const sale = (invoice: string, day: string) =>
        `${invoice},CUP,Cup,2,2011-02-${day} 09:00:00,3.00,20001,United Kingdom`;
      const files = { first: join(folder, 'first.csv'), second: join(folder, 'second.csv') };
      const cancellation = sale('C2003', '03').replace('Cup,2', 'Cup,-1');
      await writeFile(files.first, [header, sale('2001', '01'), cancellation].join('\n'));
      await writeFile(files.second, [header, sale('2002', '02')].join('\n'));
      const rejects = ['--rejects', join(folder, 'no-rejects.csv'), '--json'];
      const again = (...given: readonly string[]) => run('import', ...given, ...rejects);

      const imported = await again(files.first, files.second);
      expect(parsed(imported.stdout)).toMatchObject({ ordersPlaced: 2, refundedMinor: 300 });
      const before = await head();
      expect(await again(files.second, files.first)).toMatchObject({
        ...{ code: 1, stdout: '' },
        stderr:
          'orderctl: invoice C2003 gave back goods of invoice 2001 in an import before, but by this input they would ' +
          'be goods of invoice 2002: import the same files as before, in the same order, or leave out the lines of ' +
          'C2003 (an earlier release may have planned the same files otherwise)\n',
      });
      expect(parsed((await again(files.first, files.second)).stdout)).toMatchObject({ alreadyImported: 2 });
      expect(await head()).toBe(before);

      await refundByHand('2001');
      const after = await head();
      expect(parsed((await again(files.first, files.second)).stdout)).toMatchObject({ alreadyImported: 2 });
      expect(await again(files.second, files.first)).toMatchObject({ code: 1 });
      expect(await head()).toBe(after);
    },
    TIMEOUT_MS,
  );

  it(
    'refuses what it cannot read with one line, and writes nothing',
    async () => {
      const file = join(folder, 'broken.csv');
      await writeFile(file, 'InvoiceNo,StockCode\n1,A\n');
      const { code, stderr } = await run('import', file, '--rejects', join(folder, 'none.csv'));
      expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 1, lines: 1 });
      expect(stderr).toContain('lacks Description, Quantity');
      expect(existsSync(join(folder, 'none.csv'))).toBe(false);
      expect(await orderctl('import')).toMatchObject({ code: 2 });
      expect(await run('import', file, '--concurrency', 'many')).toMatchObject({ code: 2 });
      expect(await run('token', '--scope', 'orders:everything')).toMatchObject({ code: 2 });
      expect(await run('token', '--scope', 'orders:read', '--customer', '')).toMatchObject({ code: 2 });
      const nobody = await run('inspect', 'nobody-has-this');
      expect(nobody).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/^orderctl: no order has .*\n$/),
      });
    },
    TIMEOUT_MS,
  );

  it(
    'refuses a second start on the same data',
    async () => {
      const second = await orderctl(
        'up',
        '--data',
        data,
        '--command-port',
        '0',
        '--query-port',
        '0',
        '--event-store-port',
        '0',
      );
      expect(second).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`already running on this data folder (process ${up.pid})`),
      });
    },
    TIMEOUT_MS,
  );

  it(
    'starts an app again that was killed, and leaves nothing behind at the end',
    async () => {
      const first = up.processes().get('command-api')!;
      process.kill(first, 'SIGKILL');
      await until(
        'command-api is back',
        async () => {
          const answer = await fetch(`http://127.0.0.1:${up.ports.command}/health/ready`).catch(() => null);
          return answer?.ok === true && up.processes().get('command-api') !== first;
        },
        30_000,
      );
      expect(up.output.stderr).toContain('command-api ended (SIGKILL): starting it again');
      const running = [...up.processes().values()];
      expect(running).toHaveLength(5);
      expect(await up.end('SIGTERM')).toBe(0);
      expect(running.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
      expect(existsSync(join(data, 'system.json'))).toBe(false);
      expect(await run('status')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('nothing runs on'),
      });
    },
    TIMEOUT_MS,
  );
});
