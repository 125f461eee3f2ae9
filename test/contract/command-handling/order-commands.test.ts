import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { LIMITS } from '#domain/order/limits.js';
import {
  IdempotencyKeyReused,
  OrderRejected,
  OrderTooLarge,
  PreconditionFailed,
} from '../../../apps/command-api/src/handling/errors.js';
import { OrderCommands } from '../../../apps/command-api/src/handling/order-commands.js';
import { ownEventStore } from '../../support/own-event-store.js';
import {
  addNote,
  cancelOrder,
  changeTags,
  confirmOrder,
  placeOrder,
  request,
  someFingerprint,
} from '../../support/requests.js';
import { orderEvents } from '../../support/stored-events.js';

const its = ownEventStore();

/** As in a process of its own: nothing cached. */
const process = () => new OrderCommands(its.store);

const stored = async (orderId: string, tenantId = 'default') => orderEvents(its.store, orderId, tenantId);

async function placed(commands: OrderCommands, data: Parameters<typeof placeOrder>[1] = {}): Promise<string> {
  const orderId = randomUUID();
  await commands.handle(request(orderId, placeOrder(orderId, data)));
  return orderId;
}

describe('a command', () => {
  it('answers what it made happen, and where', async () => {
    const commands = process();
    const orderId = randomUUID();
    const asked = request(orderId, placeOrder(orderId), { correlationId: 'c-1', traceparent: null });
    const result = await commands.handle(asked);
    const [event] = await stored(orderId);
    expect(result).toMatchObject({ orderId, revision: 0, replayed: false, position: event!.position });
    expect(result.events).toEqual([
      { type: 'OrderPlaced', revision: 0, ids: { lineIds: [result.order.lines[0]!.lineId] } },
    ]);
    expect(event!.metadata).toMatchObject({
      commandId: asked.commandId,
      correlationId: 'c-1',
      schemaVersion: 1,
    });
    expect(result.order).toMatchObject({ status: 'placed', revision: 0 });
  });

  it('is decided on what others made of the order meanwhile', async () => {
    const [here, there] = [process(), process()];
    const orderId = await placed(here);
    await there.handle(request(orderId, changeTags('there')));
    const result = await here.handle(request(orderId, changeTags('here', 'there')));
    expect(result.revision).toBe(2);
    expect((await stored(orderId)).map(({ type }) => type)).toEqual([
      'OrderPlaced',
      'TagsChanged',
      'TagsChanged',
    ]);
  });

  it('is not refused, and not taken for done, because of what is no longer so', async () => {
    const [here, there] = [process(), process()];
    const orderId = await placed(here);
    await there.handle(request(orderId, changeTags('x')));
    // As cached here the order has no tags, so this would be nothing to do.
    const cleared = await here.handle(request(orderId, changeTags()));
    expect(cleared.events.map(({ type }) => type)).toEqual(['TagsChanged']);

    await here.handle(request(orderId, { type: 'HoldOrder', data: { reason: null }, personal: null }));
    await there.handle(request(orderId, { type: 'ReleaseOrder', data: {}, personal: null }));
    // As cached here it is on hold.
    await expect(here.handle(request(orderId, confirmOrder))).resolves.toMatchObject({ revision: 5 });
  });

  it('that finds the order as asked says so, with its revision and position', async () => {
    const commands = process();
    const orderId = await placed(commands);
    const first = await commands.handle(request(orderId, confirmOrder));
    const again = await commands.handle(request(orderId, confirmOrder));
    expect(again).toMatchObject({ events: [], revision: 1, position: first.position, replayed: false });
  });

  it('to an order that is not there, or is of another tenant or customer, finds none', async () => {
    const commands = process();
    const orderId = await placed(commands, { customerId: 'alice' });
    const notFound = { constructor: OrderRejected, rejection: { code: 'order_not_found' } };
    for (const asked of [
      request(randomUUID(), confirmOrder),
      request(orderId, confirmOrder, { tenantId: 'demo' }),
      request(orderId, cancelOrder(), { ownerCustomerId: 'bob' }),
    ]) {
      await expect(commands.handle(asked)).rejects.toMatchObject(notFound);
      await expect(process().handle(asked)).rejects.toMatchObject(notFound);
    }
    expect(await stored(orderId)).toHaveLength(1);
  });

  it("of a customer is held to the states that customers' commands are for", async () => {
    const commands = process();
    const orderId = await placed(commands, { customerId: 'alice' });
    const asked = () => request(orderId, cancelOrder(), { ownerCustomerId: 'alice' });
    await commands.handle(request(orderId, confirmOrder));
    await expect(commands.handle(asked())).rejects.toMatchObject({
      rejection: { code: 'not_allowed_in_state' },
    });
  });

  it('tried out is decided and folded on what is there now, and leaves nothing', async () => {
    const [here, there] = [process(), process()];
    const orderId = await placed(here);
    await there.handle(request(orderId, changeTags('x')));
    const tried = await here.handle(request(orderId, confirmOrder, { mode: 'dry_run' }));
    expect(tried).toMatchObject({ revision: 2, position: null, order: { status: 'confirmed', tags: ['x'] } });
    expect(await stored(orderId)).toHaveLength(2);
    await expect(here.handle(request(randomUUID(), confirmOrder, { mode: 'dry_run' }))).rejects.toMatchObject(
      {
        rejection: { code: 'order_not_found' },
      },
    );
  });
});

describe('a repeated request', () => {
  it('gets the first answer again, from this process or another, and adds nothing', async () => {
    const commands = process();
    const orderId = randomUUID();
    const placing = request(orderId, placeOrder(orderId));
    const first = await commands.handle(placing);
    const noting = request(orderId, addNote('a note'));
    const noted = await commands.handle(noting);
    await commands.handle(request(orderId, changeTags('later')));

    for (const again of [commands, process(), process()]) {
      const { order: _now, ...answer } = await again.handle(placing);
      expect(answer).toEqual({ ...withoutOrder(first), replayed: true });
      expect(withoutOrder(await again.handle(noting))).toEqual({ ...withoutOrder(noted), replayed: true });
    }
    expect(await stored(orderId)).toHaveLength(3);
  });

  it('sent many times at once, in several processes, makes one event', async () => {
    const processes = [process(), process(), process(), process()];
    const orderId = randomUUID();
    const placing = request(orderId, placeOrder(orderId));
    const noting = request(orderId, addNote('a note'));
    for (const asked of [placing, noting]) {
      const results = await Promise.all(
        Array.from({ length: 24 }, (_, n) => processes[n % processes.length]!.handle(asked)),
      );
      expect(results.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect(new Set(results.map(({ revision, events }) => JSON.stringify([revision, events]))).size).toBe(1);
    }
    expect((await stored(orderId)).map(({ type }) => type)).toEqual(['OrderPlaced', 'NoteAdded']);
  });

  it('with other content is refused', async () => {
    const orderId = randomUUID();
    const placing = request(orderId, placeOrder(orderId));
    await process().handle(placing);
    for (const commands of [process(), process()]) {
      const other = { ...placing, fingerprint: someFingerprint(1) };
      await expect(commands.handle(other)).rejects.toBeInstanceOf(IdempotencyKeyReused);
    }
    expect(await stored(orderId)).toHaveLength(1);
  });

  it('is answered before If-Match is looked at, which is stale by then', async () => {
    const commands = process();
    const orderId = await placed(commands);
    const asked = request(orderId, addNote('a note'), { ifMatch: 0 });
    await commands.handle(asked);
    await expect(commands.handle(asked)).resolves.toMatchObject({ replayed: true, revision: 1 });
  });

  it('that is not to be remembered is decided anew', async () => {
    const commands = process();
    const orderId = await placed(commands);
    const asked = request(orderId, changeTags('x'), { mode: 'unremembered' });
    await commands.handle(asked);
    await expect(commands.handle(asked)).resolves.toMatchObject({ replayed: false, events: [], revision: 1 });
  });
});

describe('If-Match', () => {
  it('holds for what the store has now, not for what is cached', async () => {
    const [here, there] = [process(), process()];
    const orderId = await placed(here);
    await there.handle(request(orderId, changeTags('x')));
    await expect(here.handle(request(orderId, confirmOrder, { ifMatch: 0 }))).rejects.toMatchObject({
      constructor: PreconditionFailed,
      expectedRevision: 0,
      actualRevision: 1,
    });
    await expect(here.handle(request(orderId, confirmOrder, { ifMatch: 1 }))).resolves.toMatchObject({
      revision: 2,
    });
  });

  it('lets one of many through', async () => {
    const processes = [process(), process(), process()];
    const orderId = await placed(processes[0]!);
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_, n) =>
        processes[n % 3]!.handle(request(orderId, addNote(`note ${n}`), { ifMatch: 0 })),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(PreconditionFailed);
    }
    expect(await stored(orderId)).toHaveLength(2);
  });
});

describe('many at one order', () => {
  it('32 writers in one process lose nothing', async () => {
    const commands = process();
    const orderId = await placed(commands);
    const results = await Promise.all(
      Array.from({ length: 32 }, (_, n) => commands.handle(request(orderId, addNote(`note ${n}`)))),
    );
    expect(results.map(({ revision }) => revision)).toEqual(Array.from({ length: 32 }, (_, n) => n + 1));
    expect(await stored(orderId)).toHaveLength(33);
  });

  it('in four processes each command is stored once or refused whole, and time never runs back', async () => {
    const processes = [process(), process(), process(), process()];
    const orderId = await placed(processes[0]!);
    const asked = Array.from({ length: 32 }, (_, n) => request(orderId, addNote(`note ${n}`)));
    const results = await Promise.allSettled(asked.map((each, n) => processes[n % 4]!.handle(each)));
    const events = await stored(orderId);
    const commandIds = events.slice(1).map(({ metadata }) => metadata.commandId);
    const succeeded = asked.filter((_, n) => results[n]!.status === 'fulfilled');
    expect(new Set(commandIds)).toEqual(new Set(succeeded.map(({ commandId }) => commandId)));
    expect(commandIds).toHaveLength(succeeded.length);
    expect(succeeded).toHaveLength(32);
    const times = events.map(({ metadata }) => metadata.recordedAt);
    expect(times).toEqual([...times].sort());
  });
});

describe('the largest', () => {
  const lines = (count: number, name: string) =>
    Array.from({ length: count }, (_, n) => ({
      sku: `SKU-${n}`,
      name: name.repeat(LIMITS.nameCharacters),
      quantity: 1,
      unitPriceMinor: 100,
      tax: { rateBasisPoints: 2_000, amountMinor: null, inclusive: true },
    }));

  it('order in plain letters is stored, and edited on', async () => {
    const commands = process();
    const orderId = await placed(commands, { lines: lines(LIMITS.lines, 'x') });
    expect(await stored(orderId)).toHaveLength(1);
    const { order } = await process().handle(request(orderId, changeTags('large')));
    expect(order.lines).toHaveLength(LIMITS.lines);
  });

  it('order that does not fit into one append is order_too_large and leaves nothing', async () => {
    const orderId = randomUUID();
    const placing = request(orderId, placeOrder(orderId, { lines: lines(LIMITS.lines, '値') }));
    await expect(process().handle(placing)).rejects.toBeInstanceOf(OrderTooLarge);
    await expect(process().handle({ ...placing, mode: 'dry_run' })).rejects.toBeInstanceOf(OrderTooLarge);
    expect(await stored(orderId)).toEqual([]);
  });

  it('edit is stored whole, in one append', async () => {
    const commands = process();
    const orderId = await placed(commands);
    const operations = lines(LIMITS.editOperations, 'x').map((line) => ({ op: 'addLine' as const, line }));
    const addresses = operations.map(() => null);
    const edit = { type: 'EditOrder' as const, data: { operations }, personal: { addresses } };
    const result = await commands.handle(request(orderId, edit));
    expect(result.events).toHaveLength(LIMITS.editOperations);
    expect(result.revision).toBe(LIMITS.editOperations);
  });
});

function withoutOrder<T extends { order: unknown }>({ order: _order, ...rest }: T): Omit<T, 'order'> {
  return rest;
}
