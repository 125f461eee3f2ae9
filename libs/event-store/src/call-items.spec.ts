import { Readable } from 'node:stream';
import type { ClientReadableStream } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { CallItems, type CallItemsOptions } from './call-items.js';
import { StoreSilent, StoreUnavailable } from './errors.js';

/** A gRPC call, as far as CallItems uses it. Like gRPC, it emits errors itself instead of being destroyed. */
class Call extends Readable {
  cancelled = 0;
  asked = 0;

  constructor() {
    super({ objectMode: true });
  }

  override _read(): void {
    this.asked += 1;
  }

  cancel(): void {
    this.cancelled += 1;
    this.breaks(new Error('cancelled'));
  }

  sends(...messages: (number | string)[]): this {
    for (const message of messages) this.push(message);
    return this;
  }

  breaks(error: Error): void {
    this.push(null);
    this.emit('error', error);
  }

  ends(): void {
    this.push(null);
  }
}

/** Numbers are items; other messages are not. */
function itemsOf(call: Call, changes: Partial<CallItemsOptions<number | string, number>> = {}) {
  return new CallItems<number | string, number>({
    open: () => Promise.resolve(call as unknown as ClientReadableStream<number | string>),
    pick: (message) => (typeof message === 'number' ? message : null),
    withinMs: 20,
    failure: (error) => error as Error,
    ...changes,
  });
}

async function all(items: AsyncIterable<number>): Promise<number[]> {
  const read: number[] = [];
  for await (const item of items) read.push(item);
  return read;
}

afterEach(() => {
  jest.useRealTimers();
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the items of a call', () => {
  it('come in order until the call ends, without the messages that are no items', async () => {
    const call = new Call().sends(1, 'other', 2, 3);
    call.ends();
    expect(await all(itemsOf(call))).toEqual([1, 2, 3]);
    expect(call.cancelled).toBe(0);
  });

  it('come before the error that ends the call', async () => {
    const call = new Call().sends(1, 2);
    const items = itemsOf(call);
    expect(await items.next()).toEqual({ done: false, value: 1 });
    call.breaks(new Error('broken'));
    expect(await items.next()).toEqual({ done: false, value: 2 });
    await expect(items.next()).rejects.toThrow('broken');
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('end with the error of a call that could not be opened', async () => {
    const items = itemsOf(new Call(), { open: () => Promise.reject(new Error('no way')) });
    await expect(items.next()).rejects.toThrow('no way');
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it('end with the last one asked for, which waits for the end of the call and cancels nothing', async () => {
    const call = new Call().sends(1, 2);
    const items = itemsOf(call, { maxItems: 2 });
    expect(await items.next()).toEqual({ done: false, value: 1 });
    const last = items.next();
    let isThere = false;
    void last.then(() => (isThere = true));
    await turn();
    expect(isThere).toBe(false);
    call.ends();
    expect(await last).toEqual({ done: false, value: 2 });
    await items.return();
    expect(call.cancelled).toBe(0);
  });

  it('a reader that leaves cancels the call', async () => {
    const call = new Call().sends(1, 2);
    for await (const item of itemsOf(call)) if (item === 1) break;
    expect(call.cancelled).toBe(1);
  });

  it('a slow reader holds the server back', async () => {
    const call = new Call();
    const items = itemsOf(call);
    call.sends(0);
    await items.next();
    for (let n = 1; n <= 300; n++) call.sends(n);
    await turn();
    expect(call.isPaused()).toBe(true);
    for (let n = 1; n <= 300; n++) expect(await items.next()).toEqual({ done: false, value: n });
    expect(call.isPaused()).toBe(false);
    await items.return();
  });

  it('a slow reader of a few large items holds the server back, too', async () => {
    const call = new Call();
    const items = itemsOf(call, { sizeOf: () => 1_000_000 });
    call.sends(0);
    await items.next();
    for (let n = 1; n <= 20; n++) call.sends(n);
    await turn();
    expect(call.isPaused()).toBe(true);
    expect(call.readableLength).toBe(15);
    for (let n = 1; n <= 20; n++) expect(await items.next()).toEqual({ done: false, value: n });
    expect(call.isPaused()).toBe(false);
    await items.return();
  });

  it('come up to the last one asked for also where they are large', async () => {
    const call = new Call().sends(1, 2, 3, 4, 5, 6);
    call.ends();
    expect(await all(itemsOf(call, { maxItems: 6, sizeOf: () => 3_000_000 }))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('a call that is refused is opened once more, where that helps', async () => {
    const refuse = () => {
      const call = new Call();
      setImmediate(() => call.breaks(new Error('go there')));
      return call;
    };
    const opening = (...calls: (() => Call)[]) => ({
      open: () => Promise.resolve(calls.shift()!() as unknown as ClientReadableStream<number | string>),
      isOpenedAgain: (error: unknown) => (error as Error).message === 'go there',
    });
    const there = () => {
      const call = new Call().sends(1, 2);
      call.ends();
      return call;
    };
    expect(await all(itemsOf(new Call(), opening(refuse, there)))).toEqual([1, 2]);
    await expect(all(itemsOf(new Call(), opening(refuse, refuse, there)))).rejects.toThrow('go there');
    const broken = new Call().sends(1);
    const items = itemsOf(
      new Call(),
      opening(() => broken, there),
    );
    expect(await items.next()).toEqual({ done: false, value: 1 });
    broken.breaks(new Error('go there'));
    await expect(items.next()).rejects.toThrow('go there'); // an item was already read
  });

  it('a server that says nothing is silent, and its call cancelled', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const call = new Call().sends(1);
    const items = itemsOf(call);
    await items.next();
    const next = expect(items.next()).rejects.toThrow(StoreSilent);
    await jest.advanceTimersByTimeAsync(19);
    expect(call.cancelled).toBe(0);
    await jest.advanceTimersByTimeAsync(10);
    await next;
    expect(call.cancelled).toBe(1);
  });

  it('may take any time after the message that allows it, and not before', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const isPatientAfter = (message: number | string) => message === 'caught up';
    const silent = itemsOf(new Call().sends('confirmed'), { isEndless: true, isPatientAfter });
    const next = expect(silent.next()).rejects.toThrow(StoreSilent);
    await turn();
    await jest.advanceTimersByTimeAsync(30);
    await next;

    const call = new Call().sends('confirmed', 'caught up');
    const items = itemsOf(call, { isEndless: true, isPatientAfter });
    const first = items.next();
    await turn();
    await jest.advanceTimersByTimeAsync(1_000);
    call.sends(1);
    expect(await first).toEqual({ done: false, value: 1 });
    const second = items.next();
    await jest.advanceTimersByTimeAsync(1_000);
    call.sends(2);
    expect(await second).toEqual({ done: false, value: 2 });
    await items.return();
  });

  it('end with an error where the call should never end', async () => {
    const call = new Call().sends('confirmed', 1);
    const items = itemsOf(call, { isEndless: true });
    call.ends();
    expect(await items.next()).toEqual({ done: false, value: 1 });
    await expect(items.next()).rejects.toThrow(StoreUnavailable);
  });

  it.each([
    ['while it waits', 1],
    ['before it begins', 0],
  ])('a signal ends the reading without an error, %s', async (_when, turns) => {
    const abort = new AbortController();
    const abortIn = (left: number) => void (left === 0 ? abort.abort() : setImmediate(abortIn, left - 1));
    abortIn(turns);
    expect(await all(itemsOf(new Call(), { signal: abort.signal, isEndless: true }))).toEqual([]);
  });

  it('a signal that comes while the call is opened cancels it', async () => {
    const call = new Call();
    const abort = new AbortController();
    const open = async () => {
      await turn();
      return call as unknown as ClientReadableStream<number | string>;
    };
    const reading = all(itemsOf(call, { open, signal: abort.signal }));
    abort.abort();
    expect(await reading).toEqual([]);
    await turn();
    expect(call.cancelled).toBe(1);
  });
});
