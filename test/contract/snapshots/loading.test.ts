import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { drawFrom } from '#domain/testing/draw.js';
import { anyCommand } from '#domain/testing/any-command.js';
import { LIMITS } from '#domain/order/limits.js';
import type { OrderCommand } from '#domain/order/order.js';
import type { OrderState } from '#domain/order/state.js';
import { AppendOutcomeUnknown } from '#event-store/errors.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { ExactEventStore } from '#event-store/port.js';
import { SnapshotCodec } from '#event-store/snapshots/snapshot-codec.js';
import { orderStream, snapshotStream } from '#event-store/streams.js';
import { OrderRejected } from '../../../apps/command-api/src/handling/errors.js';
import { ownEventStore } from '../../support/own-event-store.js';
import { addNote, changeTags, placeOrder, request } from '../../support/requests.js';
import {
  fullFold,
  plantSnapshot,
  snapshotProcess,
  storedSnapshots,
  type SnapshotProcess,
} from '../../support/snapshots.js';

/** That many of the longest notes are too much for a snapshot, where nothing in them comes again. */
const NOTES = 150;

const its = ownEventStore();

/** Of twenty thousand, so that not even one comes again soon: no language is like that. */
function anyLetters(count: number): string {
  const numbers = crypto.getRandomValues(new Uint16Array(count));
  return String.fromCharCode(...numbers.map((number) => 0x4e00 + (number % 20_000)));
}

/** The store, telling what is read of it; and what it does instead, to snapshots. */
function watched(changes: Partial<ExactEventStore> = {}) {
  const reads: { stream: string; fromRevision: number; events: number }[] = [];
  const watching: ExactEventStore = {
    append: (...sent) => its.store.append(...sent),
    appendExact: (...sent) => its.store.appendExact(...sent),
    async *readStream(stream, options = {}) {
      const read = { stream, fromRevision: options.fromRevision ?? 0, events: 0 };
      reads.push(read);
      for await (const event of its.store.readStream(stream, options)) {
        read.events++;
        yield event;
      }
    },
    readStreamExact: (...asked) => its.store.readStreamExact(...asked),
    subscribeToAll: (options) => its.store.subscribeToAll(options),
    subscribeToAllExact: (options) => its.store.subscribeToAllExact(options),
    headPosition: () => its.store.headPosition(),
    close: () => its.store.close(),
    ...changes,
  };
  return { reads, store: watching };
}

/** An order of so many events by one process, all its snapshots written. */
async function orderOf(events: number, by: SnapshotProcess) {
  const orderId = randomUUID();
  const placing = request(orderId, placeOrder(orderId));
  await by.commands.handle(placing);
  for (let n = 1; n < events; n++) {
    await by.commands.handle(request(orderId, n % 7 === 0 ? addNote(`note ${n}`) : changeTags(`tag ${n}`)));
    await by.snapshots.settled();
  }
  return { orderId, placing, stream: orderStream('default', orderId) };
}

describe('a snapshot', () => {
  it('is written each time a number of events came, and is the only one there', async () => {
    const one = snapshotProcess(its.store);
    const { stream } = await orderOf(35, one);
    expect(one.observed.outcomes).toEqual(['wrote written', 'wrote written', 'wrote written']);
    const stored = await storedSnapshots(its.store, stream);
    expect(stored).toMatchObject([{ revision: 2, metadata: { revision: 29, tenantId: 'default' } }]);
  });

  it('is all that another process reads, with what came after it', async () => {
    const { stream } = await orderOf(35, snapshotProcess(its.store));
    const { reads, store: watching } = watched();
    const other = snapshotProcess(watching);
    const loaded = await other.loader.refresh(stream);
    expect(loaded).toEqual(await fullFold(its.store, stream));
    expect(other.observed.outcomes).toEqual(['read used']);
    expect(reads).toEqual([
      { stream, fromRevision: 0, events: 10 },
      { stream: snapshotStream(stream), fromRevision: 0, events: 1 },
      { stream, fromRevision: 29, events: 6 },
    ]);
  });

  it('is not looked for when an order is short, and not used when it is not there', async () => {
    const none = snapshotProcess(its.store, { everyEvents: 1_000 });
    const { stream } = await orderOf(20, none);
    const { reads, store: watching } = watched();
    const long = snapshotProcess(watching, { everyEvents: 50 });
    await long.loader.refresh(stream);
    expect(reads).toEqual([{ stream, fromRevision: 0, events: 20 }]);
    const short = snapshotProcess(its.store, { everyEvents: 20 });
    expect(await short.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
    expect(short.observed.outcomes).toEqual(['read absent']);
  });

  it('lets a command be repeated that was handled before it', async () => {
    const first = snapshotProcess(its.store);
    const { placing, orderId } = await orderOf(12, first);
    const other = snapshotProcess(its.store);
    const again = await other.commands.handle(placing);
    expect(other.observed.outcomes).toEqual(['read used']);
    expect(again).toMatchObject({ orderId, revision: 0, replayed: true });
    await expect(other.commands.handle({ ...placing, fingerprint: 'f'.repeat(32) })).rejects.toThrow(
      'was handled before',
    );
  });

  it('of what one append made of a hundred events is written once', async () => {
    const one = snapshotProcess(its.store, { everyEvents: 3 });
    const orderId = randomUUID();
    await one.commands.handle(request(orderId, placeOrder(orderId)));
    const add = (sku: string) => ({
      op: 'addLine' as const,
      line: { sku, name: sku, quantity: 1, unitPriceMinor: 100, tax: null },
    });
    const operations = Array.from({ length: 10 }, (_, n) => add(`S${n}`));
    const edit: OrderCommand = { type: 'EditOrder', data: { operations }, personal: { addresses: [] } };
    await one.commands.handle(request(orderId, edit));
    await one.snapshots.settled();
    expect(one.observed.outcomes).toEqual(['wrote written']);
  });
});

describe('a load that folds many events', () => {
  const dear = { everyEvents: 100, dearLoadEvents: 20 };

  it('leaves a snapshot, so that the next one folds few; one that folds few leaves none', async () => {
    const { orderId, stream } = await orderOf(35, snapshotProcess(its.store, { everyEvents: 1_000 }));
    const { reads, store: watching } = watched();
    const one = snapshotProcess(watching, dear);
    const load = async () => {
      one.loader.drop(stream);
      expect(await one.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
      await one.snapshots.settled();
    };
    await load();
    expect(one.observed.outcomes).toEqual(['wrote written']);
    expect(await storedSnapshots(its.store, stream)).toMatchObject([{ metadata: { revision: 34 } }]);
    reads.length = 0;
    for (let n = 0; n < 19; n++) await one.commands.handle(request(orderId, changeTags(`more ${n}`)));
    await load();
    expect(reads.slice(-2)).toEqual([
      { stream: snapshotStream(stream), fromRevision: 0, events: 1 },
      { stream, fromRevision: 34, events: 20 },
    ]);
    expect(one.observed.outcomes).toEqual(['wrote written', 'read used']);
    await one.commands.handle(request(orderId, changeTags('one more')));
    await load();
    expect(one.observed.outcomes.slice(2)).toEqual(['read used', 'wrote written']);
    expect(await storedSnapshots(its.store, stream)).toMatchObject([{ metadata: { revision: 54 } }]);
  });

  it('finds the one that another process has left', async () => {
    const { stream } = await orderOf(35, snapshotProcess(its.store, { everyEvents: 1_000 }));
    for (const one of [snapshotProcess(its.store, dear), snapshotProcess(its.store, dear)]) {
      await one.loader.refresh(stream);
      await one.snapshots.settled();
    }
    expect(await storedSnapshots(its.store, stream)).toMatchObject([
      { revision: 0, metadata: { revision: 34 } },
    ]);
  });

  it('leaves one in the place of what cannot be used', async () => {
    const { stream } = await orderOf(35, snapshotProcess(its.store));
    const wrong = new SnapshotCodec(plainPersonal, 'of another fold');
    await plantSnapshot(its.store, stream, await wrong.encode((await fullFold(its.store, stream)).order!));
    const one = snapshotProcess(its.store, { ...dear, everyEvents: 30 });
    await one.loader.refresh(stream);
    await one.snapshots.settled();
    expect(one.observed.outcomes).toEqual(['read stale', 'wrote written']);
    expect((await snapshotProcess(its.store).loader.refresh(stream)).order).toEqual(
      (await fullFold(its.store, stream)).order,
    );
  });
});

describe('several that write one order', () => {
  it('write a snapshot each time, whoever wrote the last one', async () => {
    const all = [snapshotProcess(its.store), snapshotProcess(its.store)];
    const { orderId, stream } = await orderOf(10, all[0]!);
    for (const one of [...all.toReversed(), ...all.toReversed()]) {
      for (let n = 0; n < 10; n++) await one.commands.handle(request(orderId, addNote(`note ${n}`)));
      await one.snapshots.settled();
    }
    const outcomes = all.flatMap(({ observed }) => observed.outcomes);
    expect(outcomes.filter((outcome) => outcome.startsWith('wrote'))).toEqual(Array(5).fill('wrote written'));
    expect(await storedSnapshots(its.store, stream)).toMatchObject([
      { revision: 4, metadata: { revision: 49 } },
    ]);
  });

  it('leave a newer snapshot where it is', async () => {
    const first = snapshotProcess(its.store);
    const { stream } = await orderOf(12, first);
    const old = (await snapshotProcess(its.store).loader.refresh(stream)).order!;
    const { orderId } = old;
    for (let n = 0; n < 10; n++) await first.commands.handle(request(orderId, addNote(`note ${n}`)));
    await first.snapshots.settled();
    const late = snapshotProcess(its.store);
    late.snapshots.replace(stream, old);
    await late.snapshots.settled();
    expect(late.observed.outcomes).toEqual(['wrote superseded']);
    expect(await storedSnapshots(its.store, stream)).toMatchObject([{ metadata: { revision: 19 } }]);
  });

  it('make up for one that was missed', async () => {
    const { orderId } = await orderOf(15, snapshotProcess(its.store, { everyEvents: 1_000 }));
    const one = snapshotProcess(its.store);
    for (let n = 0; n < 4; n++) await one.commands.handle(request(orderId, changeTags(`late ${n}`)));
    await one.snapshots.settled();
    // Loaded with 15 events and none to be used: not yet 20, and at 20 by whoever makes it full.
    expect(one.observed.outcomes).toEqual(['read absent']);
    const other = snapshotProcess(its.store, { everyEvents: 9 });
    await other.commands.handle(request(orderId, changeTags('last')));
    await other.snapshots.settled();
    expect(other.observed.outcomes).toEqual(['read absent', 'wrote written']);
  });
});

describe('I7, on a real store', () => {
  it('a cold load is the full fold after every command of random histories', async () => {
    const numbers = fc.array(fc.noBias(fc.nat(9_999)), { minLength: 10, maxLength: 10 });
    const turns = fc.sample(fc.array(numbers, { minLength: 40, maxLength: 40 }), { numRuns: 3, seed: 7 });
    for (const story of turns) await followed(story);
  }, 60_000);

  async function followed(story: readonly (readonly number[])[]) {
    const writer = snapshotProcess(its.store, { everyEvents: 4 });
    const orderId = randomUUID();
    const stream = orderStream('default', orderId);
    let state: OrderState = null;
    for (const [turn, numbers] of story.entries()) {
      const { command } = anyCommand(state, drawFrom(numbers), turn);
      const ofOurs =
        command.type === 'PlaceOrder'
          ? { ...command, data: { ...command.data, orderId, tenantId: 'default' } }
          : command;
      const asked = request(orderId, ofOurs);
      try {
        state = (await writer.commands.handle(asked)).order;
      } catch (error) {
        if (!(error instanceof OrderRejected)) throw error;
        continue;
      }
      await writer.snapshots.settled();
      const reader = snapshotProcess(its.store, { everyEvents: 4, dearLoadEvents: 2 });
      expect(await reader.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
      await reader.snapshots.settled();
      expect(reader.observed.outcomes.filter((outcome) => !/used|absent|written/.test(outcome))).toEqual([]);
    }
    expect(writer.observed.outcomes).toContain('wrote written');
  }
});

describe('a command', () => {
  it('neither waits for a snapshot nor fails with it', async () => {
    let end = () => {};
    const hanging = new Promise<never>((_, reject) => {
      end = () => reject(new AppendOutcomeUnknown('no answer'));
    });
    hanging.catch(() => {});
    const one = snapshotProcess(watched({ appendExact: () => hanging }).store);
    const orderId = randomUUID();
    await one.commands.handle(request(orderId, placeOrder(orderId)));
    for (let n = 1; n < 25; n++) await one.commands.handle(request(orderId, changeTags(`tag ${n}`)));
    expect(one.observed.outcomes).toEqual([]);
    end();
    await one.snapshots.settled();
    expect(one.observed.outcomes).toEqual(['wrote failed', 'wrote failed']);
    expect(one.observed.errors[0]).toBeInstanceOf(AppendOutcomeUnknown);
  });

  it('goes on without snapshots that cannot be read', async () => {
    const { stream } = await orderOf(15, snapshotProcess(its.store));
    const { store: broken } = watched({
      readStream: (name, options) => {
        if (name === snapshotStream(stream)) throw new Error('cannot be read');
        return its.store.readStream(name, options);
      },
    });
    const one = snapshotProcess(broken);
    expect(await one.loader.refresh(stream)).toEqual(await fullFold(its.store, stream));
    expect(one.observed.outcomes).toEqual(['read failed']);
  });

  it('has no snapshot written of an order that is too large for one', async () => {
    const one = snapshotProcess(its.store, { everyEvents: NOTES });
    const orderId = randomUUID();
    await one.commands.handle(request(orderId, placeOrder(orderId)));
    const notes = Array.from({ length: NOTES }, () => addNote(anyLetters(LIMITS.noteCharacters)));
    await Promise.all(notes.map((note) => one.commands.handle(request(orderId, note))));
    await one.snapshots.settled();
    expect(one.observed.outcomes).toEqual(['wrote too_large']);
    expect(await storedSnapshots(its.store, orderStream('default', orderId))).toEqual([]);
  });
});
