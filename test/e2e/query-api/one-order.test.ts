import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { instantOf } from '#domain/instant.js';
import type { OrderCommand } from '#domain/order/order.js';
import { encodeOrderPosition } from '#platform/order-position.js';
import { caughtUpAnswer } from '../../support/caught-up-answer.js';
import { startFollowingNode } from '../../support/following-node.js';
import { note, place, tags, WrittenOrder, confirm } from '../../support/order-streams.js';
import { startTestQuerySystem, type QueryAnswer, type TestQuerySystem } from '../../support/query-api.js';

// Whole systems start here, on a machine that may be busy with others.
jest.setTimeout(120_000);

const at = (time: string) => instantOf(time)!;

describe('one order over HTTP', () => {
  let system: TestQuerySystem;
  let order: WrittenOrder;
  let path: string;
  let customer: string;
  let stranger: string;
  let noteId: string;

  beforeAll(async () => {
    system = await startTestQuerySystem();
    system.startProjector();
    order = new WrittenOrder(system.eventStore);
    path = `/v1/orders/${order.orderId}`;
    customer = await system.token({ customer: '17850' });
    stranger = await system.token({ customer: '99999' });
    await order.doesAt(place(order), at('2026-01-01T10:00:00Z'));
    await order.doesAt(note('the neighbour is Bob Miller'), at('2026-01-02T10:00:00Z'));
    noteId = order.order.notes[0]!.noteId;
    await order.doesAt(note('ring twice'), at('2026-01-03T10:00:00Z'));
    await order.doesAt(confirm, at('2026-01-04T10:00:00Z'));
    const edit: OrderCommand = {
      type: 'EditOrder',
      data: {
        operations: [
          {
            op: 'changeLineQuantity',
            lineId: order.order.lines[1]!.lineId,
            quantity: 5,
            taxAmountMinor: null,
          },
        ],
      },
      personal: { addresses: [null] },
    };
    await order.doesAt(edit, at('2026-01-05T10:00:00Z'));
    const redact: OrderCommand = { type: 'RedactNote', data: { noteId, reason: null }, personal: null };
    await order.doesAt(redact, at('2026-01-06T10:00:00Z'));
  });
  afterAll(() => system.close());

  const fresh = () => system.caughtUp();
  const shown = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<QueryAnswer> =>
    caughtUpAnswer(() => system.ask(path, { headers }));

  it('shows it as it is, with its revision, and 304 to who has it already', async () => {
    const { status, headers, body } = await system.ask(path, { headers: await fresh() });
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"5"');
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('order-position')).toMatch(/^[\w-]+$/);
    expect(body).toMatchObject({
      orderId: order.orderId,
      revision: 5,
      status: 'confirmed',
      lines: [{ quantity: 1 }, { quantity: 5 }],
      personal: { contact: { name: 'Ana García' } },
    });
    expect(body['allowedCommands']).toContain('CreateShipment');
    const again = await system.ask(path, { headers: { 'if-none-match': 'W/"4", "5"' } });
    expect([again.status, again.text]).toEqual([304, '']);
    expect((await system.ask(path, { headers: { 'if-none-match': '"4"' } })).status).toBe(200);
  });

  it('is kept by no cache that others share, and by one for no other token', async () => {
    const asked = [
      {},
      { headers: { 'if-none-match': '"5"' } },
      { token: await system.token({ customer: '17850' }) },
    ];
    for (const asking of asked) {
      const { headers } = await system.ask(path, asking);
      expect([headers.get('etag'), headers.get('vary'), headers.get('cache-control')]).toEqual([
        '"5"',
        'authorization',
        'private, no-cache',
      ]);
    }
    const known = await system.ask(path, { headers: { 'if-none-match': '"5"' } });
    expect([known.status, known.headers.get('content-type'), known.headers.get('content-length')]).toEqual([
      ...[304, null, null],
    ]);
    const { headers: past } = await system.ask(`${path}?revision=0`);
    expect([past.get('vary'), past.get('cache-control')]).toEqual(['authorization', 'private, no-cache']);
  });

  it('shows it at a revision and as of both clocks, as it was told then', async () => {
    const { body: placed } = await system.ask(`${path}?revision=0`);
    expect(placed).toMatchObject({ revision: 0, status: 'placed', notes: [] });
    const { body, headers } = await system.ask(`${path}?asOf=2026-01-04T11:00:00%2B01:00`);
    expect(body).toMatchObject({ revision: 3, status: 'confirmed', lines: [{}, { quantity: 2 }] });
    expect(headers.get('etag')).toBe('"3"');
    const { body: early } = await system.ask(`${path}?asOf=2026-01-04T09:59:59.999Z`);
    expect(early).toMatchObject({ revision: 2, status: 'placed' });
    const { body: recorded } = await system.ask(`${path}?recordedAsOf=2100-01-01T00:00:00Z`);
    expect(recorded).toMatchObject({ revision: 5 });
    expect((await system.ask(path)).body).toEqual(recorded);
  });

  it('knows no order before it was placed, nor a revision it does not have', async () => {
    for (const when of ['asOf=2025-12-31T00:00:00Z', 'recordedAsOf=2025-12-31T00:00:00Z', 'revision=6']) {
      const { status, body } = await system.ask(`${path}?${when}`);
      expect({ when, status, code: body['code'] }).toEqual({ when, status: 404, code: 'order_not_found' });
    }
  });

  it('shows the text of a redacted note nowhere, as of earlier neither', async () => {
    const paths = [
      path,
      `${path}?revision=1`,
      `${path}?asOf=2026-01-02T12:00:00Z`,
      `${path}?revision=5`,
      `${path}/history`,
      `${path}/diff?from=0&to=1`,
      `${path}/diff?from=0`,
    ];
    for (const one of paths) {
      const { status, text } = await system.ask(one);
      expect({ one, status, shows: text.includes('Bob') }).toEqual({ one, status: 200, shows: false });
    }
    const { body } = await system.ask(`${path}?revision=2`);
    expect(body).toMatchObject({ notes: [{ noteId, redacted: true }, { redacted: false }] });
    expect(Object.values((body['personal'] as { notes: object }).notes)).toEqual(['ring twice']);
  });

  it('tells its history with who, when and what changed, a page at a time', async () => {
    const { body } = await system.ask(`${path}/history?limit=4`, { headers: await fresh() });
    const items = body['items'] as Record<string, unknown>[];
    expect(items.map(({ type }) => type)).toEqual([
      'OrderPlaced',
      'NoteAdded',
      'NoteAdded',
      'OrderConfirmed',
    ]);
    expect(items[0]).toMatchObject({
      revision: 0,
      actor: { type: 'service', id: 'tests' },
      occurredAt: '2026-01-01T10:00:00.000Z',
      changes: { status: { from: null, to: 'placed' } },
    });
    expect(items[3]!['changes']).toEqual({ status: { from: 'placed', to: 'confirmed' } });
    expect(items[3]!['commandId']).toMatch(/^[0-9a-f-]{36}$/);
    const next = await system.ask(`${path}/history?limit=4&cursor=${String(body['nextCursor'])}`);
    expect(next.body).toMatchObject({
      items: [
        { type: 'LineQuantityChanged', changes: { unitCount: { from: 3, to: 6 } } },
        { type: 'NoteRedacted', changes: {} },
      ],
      nextCursor: null,
    });
  });

  it('names the command and the actor behind each change between two moments', async () => {
    const { body } = await system.ask(`${path}/diff?from=2026-01-04T09:00:00Z&to=2026-01-05T10:00:00Z`);
    expect(body).toMatchObject({ orderId: order.orderId, from: { revision: 2 }, to: { revision: 4 } });
    const changes = body['changes'] as {
      pointer: string;
      op: string;
      from: unknown;
      to: unknown;
      by: object[];
    }[];
    const quantity = changes.find(({ pointer }) => pointer === '/lines/1/quantity');
    expect(quantity).toMatchObject({
      op: 'replace',
      from: 2,
      to: 5,
      by: [{ revision: 4, type: 'LineQuantityChanged', actor: { type: 'service', id: 'tests' } }],
    });
    const status = changes.find(({ pointer }) => pointer === '/status');
    expect(status).toMatchObject({ from: 'placed', to: 'confirmed', by: [{ type: 'OrderConfirmed' }] });
    expect(changes.every(({ by }) => by.length > 0)).toBe(true);
    expect(changes.some(({ pointer }) => pointer === '/revision')).toBe(false);
    const same = await system.ask(`${path}/diff?from=4&to=4`);
    expect(same.body).toMatchObject({ changes: [] });
    expect((await system.ask(`${path}/diff?from=4&to=2`)).status).toBe(400);
  });

  it('shows a customer its own order without notes, and nobody else anything', async () => {
    const own = await system.ask(path, { token: customer });
    expect(own.status).toBe(200);
    expect(own.body).toMatchObject({ notes: [], personal: { contact: { name: 'Ana García' }, notes: {} } });
    const allowed = async (at: string) =>
      (await system.ask(`${path}${at}`, { token: customer })).body['allowedCommands'];
    expect([await allowed('?revision=0'), await allowed('')]).toEqual([['CancelOrder'], []]);
    for (const one of [path, `${path}?revision=2`, `${path}/history`, `${path}/diff?from=0`]) {
      const { text } = await system.ask(one, { token: customer });
      expect({ one, shows: /ring twice|Note(Added|Redacted)/.test(text) }).toEqual({ one, shows: false });
    }
    for (const token of [stranger, await system.token({ tenant: 'demo' })]) {
      for (const one of [path, `${path}?revision=0`, `${path}/history`, `${path}/diff?from=0`]) {
        const { status, body } = await system.ask(one, { token });
        expect([status, body['code']]).toEqual([404, 'order_not_found']);
      }
    }
  });

  it('waits until it shows what was written, or says that it does not', async () => {
    const { position, revision } = await order.does(tags('gift'));
    const store = await system.storeMark();
    const token = encodeOrderPosition({ position, store, orderId: order.orderId, revision });
    const { body } = await shown(path, { 'consistent-with': token });
    expect(body).toMatchObject({ revision: 6, tags: ['gift'] });
    await system.stopProjector();
    const written = await order.does(tags('gift', 'late'));
    const [byPosition, byRevision] = await Promise.all([
      system.ask(path, {
        headers: { 'consistent-with': encodeOrderPosition({ ...written, store, orderId: order.orderId }) },
      }),
      system.ask(`${path}?minRevision=7`),
    ]);
    for (const answer of [byPosition, byRevision]) {
      expect([answer.status, answer.body['code']]).toEqual([503, 'not_caught_up']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    const waiting = shown(`${path}?minRevision=7`);
    system.startProjector();
    expect((await waiting).body).toMatchObject({ revision: 7, tags: ['gift', 'late'] });
  });

  it('shows no less, once its past was seen ahead of the rows', async () => {
    await system.stopProjector();
    const { revision } = await order.does(tags('ahead'));
    const [past, diff] = await Promise.all([
      system.ask(`${path}?revision=${revision}`),
      system.ask(`${path}/diff?from=0`),
    ]);
    expect([past.body['revision'], diff.body['to']]).toEqual([revision, { revision }]);
    const tokens = [past, diff].map(({ headers }) => ({ 'consistent-with': headers.get('order-position')! }));
    for (const headers of tokens)
      expect((await system.ask(path, { headers })).body).toMatchObject({ code: 'not_caught_up' });
    system.startProjector();
    for (const headers of tokens) expect((await shown(path, headers)).body).toMatchObject({ revision });
  });

  it('shows its past with the change that is asked for, or refuses', async () => {
    const [position, store] = [(await system.eventStore.headPosition())!, await system.storeMark()];
    const askedWith = async (query: string, about: { orderId: string; revision: number; store: string }) => {
      const headers = { 'consistent-with': encodeOrderPosition({ position, ...about }) };
      const { status, body } = await system.ask(`/v1/orders/${about.orderId}${query}`, { headers });
      return body['code'] ?? status;
    };
    const { orderId } = order;
    const { revision } = order.order;
    const unknown = randomUUID();
    for (const query of ['?revision=0', '/diff?from=0']) {
      expect(await askedWith(query, { orderId, revision, store })).toBe(200);
      // As after the event store was restored from a backup that is older.
      expect(await askedWith(query, { orderId, revision: revision + 1, store })).toBe('not_caught_up');
      expect(await askedWith(query, { orderId: unknown, revision: 0, store })).toBe('not_caught_up');
      expect(await askedWith(query, { orderId, revision, store: '0123456789ab' })).toBe(
        'position_of_another_store',
      );
    }
  });

  it('shows its past as the leader of a cluster has it, whichever node is asked', async () => {
    const leader = `esdb://127.0.0.1:${system.networks.eventStore.port}?tls=false`;
    const follower = await startFollowingNode(leader);
    try {
      const { ask: askThere } = await system.another({ eventStoreUrl: follower.url });
      for (const query of ['?revision=0', '/diff?from=0'])
        expect((await askThere(`${path}${query}`)).status).toBe(200);
    } finally {
      follower.close();
    }
  });

  it.each([
    ['/v1/orders/not-an-id', 400, 'validation_failed'],
    ['/v1/orders/00000000-0000-4000-8000-000000000000', 404, 'order_not_found'],
    ['/v1/orders/00000000-0000-4000-8000-000000000000/history', 404, 'order_not_found'],
    ['/v1/orders/00000000-0000-4000-8000-000000000000/diff?from=0', 404, 'order_not_found'],
    ['PATH?asOf=yesterday', 400, 'validation_failed'],
    ['PATH?asOf=2026-02-30T00:00:00Z', 400, 'validation_failed'],
    ['PATH?asOf=2026-01-01T00:00:00', 400, 'validation_failed'],
    ['PATH?asOf=2026-01-01T00:00:00Z&revision=1', 400, 'validation_failed'],
    ['PATH?asOf=2026-01-01T00:00:00Z&recordedAsOf=2026-01-01T00:00:00Z', 400, 'validation_failed'],
    ['PATH?revision=-1', 400, 'validation_failed'],
    ['PATH?revision=99999999999999999999', 400, 'validation_failed'],
    ['PATH?colour=red', 400, 'validation_failed'],
    ['PATH/diff?from=tomorrow', 400, 'validation_failed'],
    ['PATH/diff?from=1960-01-01T00:00:00Z', 400, 'validation_failed'],
    ['PATH/diff', 400, 'validation_failed'],
    ['PATH/history?cursor=eyJwIjoiaGlzdG9yeSJ9', 400, 'invalid_cursor'],
    ['PATH/history?limit=101', 400, 'validation_failed'],
    ['PATH/nothing', 404, 'not_found'],
    ['/v1/orders/search', 405, 'method_not_allowed'],
  ])('%s: %i %s', async (asked, status, code) => {
    const answer = await system.ask(asked.replace('PATH', path));
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('refuses a position it cannot read, and tokens that are none', async () => {
    for (const token of ['!', 'abc', Buffer.from('{"p":-1}').toString('base64url')]) {
      const { status } = await system.ask(path, { headers: { 'consistent-with': token } });
      expect(status).toBe(400);
    }
    expect((await system.ask(path, { token: null })).status).toBe(401);
    expect((await system.ask(path, { token: 'a.b.c' })).status).toBe(401);
    expect((await system.ask(path, { token: await system.token({ scopes: ['orders:write'] }) })).status).toBe(
      403,
    );
    const expired = await system.token({ lifetimeSeconds: -5 });
    expect((await system.ask(path, { token: expired })).body).toMatchObject({ code: 'token_expired' });
  });
});
