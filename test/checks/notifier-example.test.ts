import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { minorUnitDigits } from '#domain/currencies.js';
import { encodeOrderPosition } from '#platform/order-position.js';
import { skipReasons } from '../../examples/notifier/src/inbox.js';
import { messageOfEvent, messageTypes } from '../../examples/notifier/src/message-types.js';
import { moneyText } from '../../examples/notifier/src/money.js';
import { readOrderEvent, type RawMessage } from '../../examples/notifier/src/order-event.js';
import { openOrders, readOrder, type OrderView } from '../../examples/notifier/src/orders.js';
import { readSettings } from '../../examples/notifier/src/settings.js';
import { locales, textOf, type Locale } from '../../examples/notifier/src/texts.js';
import { finished, repositoryRoot } from '../support/seeded-tree.js';

const TIMEOUT_MS = 120_000;
const folder = join(repositoryRoot, 'examples/notifier');

const jsonOf = async <T>(...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8')) as T;

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Document {
  readonly components: {
    readonly messages: Readonly<Record<string, { headers: Schema; payload: Schema }>>;
  };
}
interface Schema {
  readonly required: readonly string[];
}

describe('the example notifier', () => {
  it('reads of the published contract only what that promises', async () => {
    const { components } = await jsonOf<Document>(repositoryRoot, 'docs/asyncapi/order-events.json');
    for (const [type, { needs }] of Object.entries(messageOfEvent)) {
      const { headers, payload } = components.messages[type]!;
      expect(payload.required).toEqual(expect.arrayContaining([...needs, 'revision', 'customerId']));
      const read = ['ce_id', 'ce_type', 'ce_source', 'ce_subject', 'ce_time'];
      expect(headers.required).toEqual(expect.arrayContaining(read));
    }
    const told = Object.values(messageOfEvent).map(({ to }) => to);
    expect(told.sort()).toEqual([...messageTypes].sort());
  });

  it('documents every reason to send nothing', async () => {
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    const skipped = /^\| `skipped` .*$/m.exec(readme)![0];
    expect(skipReasons.filter((reason) => !skipped.includes(`\`${reason}\``))).toEqual([]);
  });

  it(
    'is built and runs where it is copied to, with the libraries that it names',
    async () => {
      const copy = await mkdtemp(join(tmpdir(), 'orderlog-notifier-copy-'));
      await cp(folder, copy, { recursive: true });
      await symlink(join(repositoryRoot, 'node_modules'), join(copy, 'node_modules'));
      expect(await finished(join(copy, 'node_modules/.bin/tsc'), [], copy)).toMatchObject({
        code: 0,
        stdout: '',
      });
      const help = await finished(process.execPath, ['dist/main.js', '--help'], copy);
      expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('notifier run') });
      await rm(copy, { recursive: true });

      const [own, ours] = [
        await jsonOf<Manifest>(folder, 'package.json'),
        await jsonOf<Manifest>(repositoryRoot, 'package.json'),
      ];
      const client = await jsonOf<{ version: string }>(repositoryRoot, 'libs/client/package.json');
      expect({
        ...ours.dependencies,
        ...ours.devDependencies,
        'orderlog-client': client.version, // here a link to its folder
      }).toMatchObject({
        ...own.dependencies,
        ...own.devDependencies,
      });
      const files = (await readdir(join(folder, 'src'), { recursive: true })).filter((name) =>
        name.endsWith('.ts'),
      );
      const texts = await Promise.all(files.map((name) => readFile(join(folder, 'src', name), 'utf8')));
      const imported = texts.flatMap((text) =>
        [...text.matchAll(/from '([^.'][^']*)'/g)].map(([, name]) => name!),
      );
      const libraries = new Set(imported.filter((name) => !name.startsWith('node:')));
      expect([...libraries].sort()).toEqual(Object.keys(own.dependencies).sort());
    },
    TIMEOUT_MS,
  );

  it('has every setting and every message in its README', async () => {
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    const firstCells = (pattern: RegExp) => [...readme.matchAll(pattern)].map(([, name]) => name!);
    const settings = readSettings({
      NOTIFIER_KAFKA_BROKERS: '127.0.0.1:9092',
      NOTIFIER_POSTGRES_URL: 'postgres://127.0.0.1/notifier',
      NOTIFIER_QUERY_URL: 'http://127.0.0.1:3001',
      NOTIFIER_TOKEN_FILE: 'token',
      NOTIFIER_SMTP_URL: 'smtp://127.0.0.1',
      NOTIFIER_FROM: 'shop@example.org',
    });
    expect(firstCells(/^\| `(NOTIFIER_\w+)`/gm)).toEqual(Object.keys(settings));
    expect(firstCells(/^\| `([a-z]+_[a-z]+)`/gm)).toEqual(messageTypes);
  });
});

describe('an amount in a message of the example notifier', () => {
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = letters.flatMap((a) => letters.flatMap((b) => letters.map((c) => a + b + c)));
  const currencies = codes.filter((code) => minorUnitDigits(code) !== null);

  it('is the one that the order has, in every currency', () => {
    const written = currencies.map((currency) => [
      currency,
      /\d.*/.exec(moneyText(1_234_567, currency, 'en').replace(/,/g, ''))![0],
    ]);
    const byDigits = ['1234567', '', '12345.67', '1234.567', '123.4567'];
    expect(written).toEqual(currencies.map((currency) => [currency, byDigits[minorUnitDigits(currency)!]]));
  });

  it.each([
    [450, 'GBP', 'en', '£4.50'],
    [450, 'EUR', 'de', '4,50 €'],
    [450, 'JPY', 'en', '¥450'],
    [12_500, 'IQD', 'en', 'IQD 12.500'],
    [12_500, 'HUF', 'de', '125,00 HUF'],
  ])('of %d in %s is written in %s as %s', (minor, currency, locale, written) => {
    expect(moneyText(minor, currency, locale).replace(/\s/g, ' ')).toBe(written);
  });
});

describe('the confirmation of the example notifier', () => {
  const mug = { name: 'Mug', quantity: 2, cancelled: 0, dispatched: 0 };
  const lamp = { name: 'Lamp', quantity: 1, cancelled: 0, dispatched: 0 };
  const said = (order: object, locale: Locale = 'en') => {
    const known = { number: 'N', currency: 'GBP', personal: 'erased', refunds: [], status: 'confirmed' };
    const view: object = { ...known, totals: { totalMinor: 450 }, ...order };
    return textOf('order_confirmed', locale, view as OrderView, {}).body;
  };

  it.each(locales)('promises what is not cancelled: %s', (locale) => {
    expect(said({ lines: [mug, lamp] }, locale)).toContain('  2 × Mug\n  1 × Lamp\n');
    const body = said(
      {
        lines: [
          { ...mug, cancelled: 1 },
          { ...lamp, cancelled: 1 },
        ],
      },
      locale,
    );
    expect(body).toContain('  1 × Mug\n');
    expect(body).not.toContain('Lamp');
  });

  it('promises nothing of an order that is cancelled since, but for what had left', () => {
    const status = 'cancelled';
    expect(said({ status, lines: [mug, lamp] })).toContain('All of it is cancelled.');
    expect(said({ status, lines: [mug, lamp] }, 'de')).toContain('Alles davon ist storniert.');
    const body = said({
      status,
      lines: [
        { ...mug, cancelled: 1, dispatched: 1 },
        { ...lamp, cancelled: 1 },
      ],
    });
    expect(body).toContain('  1 × Mug\n');
    expect(body).not.toContain('Lamp');
  });
});

describe('an event that the example notifier', () => {
  const ids = {
    ce_id: '018f0000-0000-7000-8000-000000000001',
    ce_subject: '018f0000-0000-7000-8000-000000000002',
  };
  const headers = {
    ...ids,
    ce_type: 'orderlog.order.confirmed.v1',
    ce_source: '/orderlog/shop',
    ce_time: '2026-11-26T10:00:00.000Z',
  };
  const data = { revision: 1, customerId: 'ada' };
  const raw = (changes: { headers?: object; data?: object; key?: string } = {}): RawMessage => ({
    key: changes.key ?? ids.ce_subject,
    headers: { ...headers, ...changes.headers },
    value: JSON.stringify({ ...data, ...changes.data }),
  });
  const kindOf = (message: RawMessage) =>
    readOrderEvent(message, { tenant: 'shop', maxAgeMs: Infinity }).kind;

  it('reads, also with fields that it does not know', () => {
    expect(kindOf(raw({ data: { wrapped: true }, headers: { ce_mood: 'good' } }))).toBe('event');
  });

  it.each([
    ['has no id', raw({ headers: { ce_id: 'one' } })],
    ['has no order', raw({ headers: { ce_subject: 'one' } })],
    ['has no time', raw({ headers: { ce_time: 'soon' } })],
    ['has no revision', raw({ data: { revision: 2 ** 31 } })],
    ['has no customer, not even null', raw({ data: { customerId: 17_850 } })],
    ['has NUL in the customer', raw({ data: { customerId: 'a\0b' } })],
    ['has half a character in the customer', raw({ data: { customerId: '\ud800' } })],
    ['has NUL in a header', raw({ headers: { ce_mood: '\0' } })],
    ['has NUL in the key', raw({ key: '\0' })],
    ['is a list', { ...raw(), value: '[]' }],
    ['is no JSON', { ...raw(), value: '{' }],
  ])('cannot keep: it %s', (_, message) => {
    expect(kindOf(message)).toBe('malformed');
  });

  it('lacks a fact of is malformed, and no other', () => {
    const captured = { ce_type: 'orderlog.payment.captured.v1' };
    expect(kindOf(raw({ headers: captured }))).toBe('malformed');
    expect(kindOf(raw({ headers: captured, data: { amountMinor: 450 } }))).toBe('event');
  });
});

it('the example notifier reads each order without the position of another, which may be of a former event store', async () => {
  const told = encodeOrderPosition({ position: 5n, store: '0123456789ab', orderId: null, revision: null });
  const asked: unknown[] = [];
  const server = createServer(({ headers }, response) => {
    asked.push(headers['consistent-with']);
    response.writeHead(200, { 'content-type': 'application/json', 'order-position': told }).end('{}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const place = await mkdtemp(join(tmpdir(), 'orderlog-notifier-token-'));
  const tokenFile = join(place, 'token');
  await writeFile(tokenFile, 'T');
  const queryUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const orders = openOrders({ queryUrl, tokenFile });
  for (const orderId of ['0b9e7c52-6f0a-4b7e-9c3d-2f1a8d4e6b70', '7f4df1a2-95c0-4a57-8f6e-0c2f5b1d9e34'])
    await readOrder(orders, orderId, 0);
  expect(asked).toEqual([undefined, undefined]);
  server.closeAllConnections();
  server.close();
  await rm(place, { recursive: true });
});
