import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createClient, type OrderlogClient, type Transport } from '#client/orderlog-client.js';
import { fetchTransport } from '#client/transport.js';
import { evolveWithin } from '#domain/order/order.js';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { OrderCommands } from '../../../apps/command-api/src/handling/order-commands.js';
import type { OrderScript, ScriptStep } from '../../../apps/orderctl/src/import/order-script.js';
import { runScript, type ScriptOutcome } from '../../../apps/orderctl/src/import/script-runner.js';
import { startTestCommandApi, type TestCommandApi } from '../../support/command-api.js';
import { startTestEventStore } from '../../support/event-store.js';
import { mugOrder } from '../../support/orders.js';
import { orderEvents } from '../../support/stored-events.js';

const LIMIT_MS = 60_000;
jest.setTimeout(LIMIT_MS);

type Commands = readonly (readonly [route: string, body?: object, as?: string])[];

/** Of each kind that may find nothing to do, one that does before one that does not. */
const LIFE: Commands = [
  ['place', mugOrder()],
  ['release'],
  ['tags', { tags: [] }],
  ['stock/released', { reason: 'none yet' }],
  ['tags', { tags: ['a'] }],
  ['stock/reserved', { reference: 'R-1' }],
  ['confirm'],
  ['confirm'],
  ['hold', { reason: 'a look at it' }],
  ['tags', { tags: ['a'] }],
  ['tags', { tags: ['b'] }],
  ['release'],
  ['tags', { tags: ['a'] }],
  ['payments/captured', { amountMinor: 2_000, currency: 'EUR', providerReference: 'pi' }],
  ['payments/captured', { amountMinor: 2_000, currency: 'EUR', providerReference: 'pi' }],
  ['shipments', { lines: [{ lineId: '{lines.0}', quantity: 1 }] }, 'parcel'],
  ['shipments/{parcel}/dispatch'],
  ['stock/released', { reason: 'sent' }],
];
/** The same life, with nothing to do at its end. */
const IDLE_AT_THE_END: Commands = [...LIFE, ['release'], ['tags', { tags: ['a'] }]];

/** Fewer than `LIFE` has that do something. */
const SMALL_WINDOW = { always: 5, atMost: 5, recentMs: 0 };

let server: Awaited<ReturnType<typeof startTestEventStore>>;
let store: DbClientEventStore;
let api: TestCommandApi;
let strict: TestCommandApi;

beforeAll(async () => {
  server = await startTestEventStore();
  store = new DbClientEventStore({ connectionString: server.url });
  api = await startTestCommandApi({ eventStoreUrl: server.url });
  strict = await startTestCommandApi({ eventStoreUrl: server.url, requireIfMatch: true, ownProcess: true });
}, LIMIT_MS);

afterAll(async () => {
  for (const part of [api, strict, store, server]) await part?.close();
}, LIMIT_MS);

let scripts = 0;
function scriptOf(commands: Commands, changes: Partial<OrderScript> = {}): OrderScript {
  const name = `order-${++scripts}`;
  return {
    ...{ name, key: `test/${name}`, guarded: true },
    steps: commands.map(([route, body = {}, as], index): ScriptStep => ({
      ...{ do: route, key: String(index), body: { ...body } },
      ...(as === undefined ? {} : { as }),
    })),
    ...changes,
  };
}

const clientOf = async (of: TestCommandApi, transport: Transport = fetchTransport): Promise<OrderlogClient> =>
  createClient({ commandUrl: of.url, token: await of.token(), transport });

interface Run {
  readonly outcome: ScriptOutcome;
  readonly requests: number;
}
async function run(script: OrderScript, of = api): Promise<Run> {
  let requests = 0;
  const client = await clientOf(of, (request) => {
    requests++;
    return fetchTransport(request);
  });
  const outcome = await runScript(script, { client, onStep: () => {}, stopped: () => false });
  return { outcome, requests };
}

const firstOf = (script: OrderScript, count: number) => ({ ...script, steps: script.steps.slice(0, count) });
const done = (changed: boolean) => ({ kind: 'done', changed });

async function orderIdOf(script: OrderScript): Promise<string> {
  const { outcome } = await run(firstOf(script, 1));
  if (outcome.kind !== 'done') throw new Error(outcome.line);
  return outcome.orderId;
}

/** What happened to an order, without the ids, which are its own. */
async function story(script: OrderScript): Promise<readonly string[]> {
  const events = await orderEvents(store, await orderIdOf(script));
  return events.map(({ type, data }) =>
    type === 'TagsChanged' ? `${type} ${(data as { tags: string[] }).tags.join()}` : type,
  );
}

/** By somebody else. */
async function noteByHand(script: OrderScript, times = 1): Promise<void> {
  const path = `/v1/orders/${await orderIdOf(script)}/notes`;
  for (let time = 0; time < times; time++) {
    expect((await api.send(path, { body: { text: 'by hand' } })).status).toBe(200);
  }
}

describe.each([
  ['a life', LIFE],
  ['one with nothing to do at its end', IDLE_AT_THE_END],
])('%s imported', (_, commands) => {
  let uninterrupted: readonly string[];
  beforeAll(async () => {
    const script = scriptOf(commands);
    expect(await run(script)).toMatchObject({ outcome: done(true), requests: commands.length });
    uninterrupted = await story(script);
  });

  it('again changes nothing, with no more requests', async () => {
    const script = scriptOf(commands);
    await run(script);
    for (const instance of [api, strict]) {
      expect(await run(script, instance)).toMatchObject({
        outcome: done(false),
        requests: commands.length,
      });
      expect(await story(script)).toEqual(uninterrupted);
    }
  });

  it('and stopped after any command goes on to the same end', async () => {
    for (let sent = 1; sent < commands.length; sent++) {
      const script = scriptOf(commands);
      await run(firstOf(script, sent));
      const left = uninterrupted.length - (await story(script)).length;
      expect((await run(script)).outcome).toMatchObject(done(left > 0));
      expect(await story(script)).toEqual(uninterrupted);
      expect((await run(script)).outcome).toMatchObject(done(false));
      expect(await story(script)).toEqual(uninterrupted);
    }
  });

  it('and stopped, then changed by somebody else, is left as it is, and told', async () => {
    for (let sent = 1; sent < commands.length; sent++) {
      const script = scriptOf(commands);
      await run(firstOf(script, sent));
      await noteByHand(script);
      const before = await story(script);
      for (const time of ['first', 'second']) {
        const { outcome } = await run(script);
        const line = expect.stringMatching(
          /somebody else has changed the order.* commands\[\d+\] and the commands after it are left out$/,
        );
        expect({ sent, time, outcome }).toMatchObject({
          outcome: { kind: 'refused', code: 'precondition_failed', line },
        });
      }
      expect(await story(script)).toEqual(before);
    }
  });

  it('by two at once is imported once', async () => {
    const script = scriptOf(commands);
    const both = await Promise.all([run(script), run(script, strict)]);
    expect(both.map(({ outcome }) => outcome.kind)).toEqual(['done', 'done']);
    expect(await story(script)).toEqual(uninterrupted);
  });

  it('over a network that loses every answer once is imported once', async () => {
    const script = scriptOf(commands);
    const heard = new Set<string>();
    const client = await clientOf(api, async (request) => {
      const answer = await fetchTransport(request);
      const key = request.headers['idempotency-key']!;
      if (heard.has(key)) return answer;
      heard.add(key);
      await answer.text();
      throw Object.assign(new Error('lost'), { code: 'ECONNRESET' });
    });
    const outcome = await runScript(script, { client, onStep: () => {}, stopped: () => false });
    expect(outcome.kind).toBe('done');
    expect(await story(script)).toEqual(uninterrupted);
  });
});

describe('an import again', () => {
  it('of an order that others have gone on with changes nothing', async () => {
    const script = scriptOf(LIFE);
    await run(script);
    await noteByHand(script);
    const before = await story(script);
    expect((await run(script)).outcome).toMatchObject(done(false));
    expect(await story(script)).toEqual(before);
  });

  it('tells of others where the last command had nothing to do: it may have had, on their order', async () => {
    const script = scriptOf(IDLE_AT_THE_END);
    await run(script);
    await noteByHand(script);
    const before = await story(script);
    const step = script.steps[LIFE.length];
    expect((await run(script)).outcome).toMatchObject({ code: 'precondition_failed', step });
    expect(await story(script)).toEqual(before);
  });

  it('does what was appended to the list', async () => {
    const script = scriptOf(LIFE);
    await run(script);
    const longer = { ...scriptOf([...LIFE, ['tags', { tags: ['later'] }]]), key: script.key };
    expect((await run(longer)).outcome).toMatchObject(done(true));
    expect((await story(script)).at(-1)).toBe('TagsChanged later');
  });

  it('tells of a command that was put between', async () => {
    const script = scriptOf(LIFE);
    await run(script);
    const before = await story(script);
    const between: Commands = [LIFE[0]!, ['notes', { text: 'new' }], ...LIFE.slice(1)];
    expect((await run({ ...scriptOf(between), key: script.key })).outcome.kind).toBe('refused');
    expect(await story(script)).toEqual(before);
  });

  it('of a command that needs an id which none before has made refuses that order alone', async () => {
    const authorization = { amountMinor: 2_000, currency: 'EUR', providerReference: 'au' };
    const script = scriptOf([
      ['place', mugOrder()],
      ['payments/authorized', authorization],
      ['payments/authorized', authorization, 'again'], // the very same: there already
      ['payments/voided', { authorizationId: '{again}', providerReference: 'v' }],
      ['confirm'],
    ]);
    for (const time of ['first', 'second']) {
      const { outcome } = await run(script);
      expect({ time, outcome }).toMatchObject({
        outcome: { kind: 'refused', code: 'unknown_placeholder', step: script.steps[3] },
      });
    }
    expect(await story(script)).toEqual(['OrderPlaced', 'PaymentAuthorized']);
  });

  it('goes on with what others have changed where each command makes something happen, also where If-Match is asked for', async () => {
    const script = scriptOf([LIFE[0]!, ['confirm'], ['notes', { text: 'x' }]], { guarded: false });
    await run(firstOf(script, 2), strict);
    await noteByHand(script);
    expect((await run(script, strict)).outcome).toMatchObject(done(true));
    expect(await story(script)).toEqual(['OrderPlaced', 'OrderConfirmed', 'NoteAdded', 'NoteAdded']);
  });
});

describe('an order that has forgotten its first commands', () => {
  beforeAll(async () => {
    await api.close();
    api = await startTestCommandApi({
      eventStoreUrl: server.url,
      handlingOf: (eventStore) => new OrderCommands(eventStore, { evolve: evolveWithin(SMALL_WINDOW) }),
    });
  }, LIMIT_MS);

  it('is there already while it remembers one after them', async () => {
    const script = scriptOf(LIFE);
    await run(script);
    const before = await story(script);
    expect((await run(script)).outcome).toMatchObject(done(false));
    await noteByHand(script, 3);
    // The parcel has no name any more: its dispatch cannot be sent, and need not be.
    expect((await run(script)).outcome).toMatchObject(done(false));
    expect(await story(script)).toEqual([...before, 'NoteAdded', 'NoteAdded', 'NoteAdded']);
  });

  it('is left as it is, and told, when it remembers none', async () => {
    const script = scriptOf(LIFE);
    await run(script);
    await noteByHand(script, SMALL_WINDOW.always);
    const before = await story(script);
    expect((await run(script)).outcome).toMatchObject({ code: 'precondition_failed', step: script.steps[1] });
    expect(await story(script)).toEqual(before);
  });
});
