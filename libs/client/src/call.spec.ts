import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Addresses } from './addresses.js';
import { Bearer, type TokenSource } from './bearer.js';
import { answered, type Call, type CallSettings, type Retry } from './call.js';
import { NoAnswer, Problem } from './errors.js';
import type { Transport, TransportAnswer } from './transport.js';

/** What a server does with a request; `silent`: nothing. */
type Reply = TransportAnswer | Error | 'silent';

const answer = (status: number, code = '', location: string | null = null): TransportAnswer => ({
  status,
  header: (name) => (name === 'location' ? location : null),
  text: async () => JSON.stringify({ code, detail: code }),
  stream: async function* () {},
});
const away = Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
const lost = Object.assign(new Error('lost'), { code: 'ECONNRESET' });

interface Asking extends Partial<Pick<CallSettings, 'deadlineMs' | 'tryMs'>> {
  readonly urls?: readonly string[];
  readonly token?: TokenSource;
  readonly signal?: AbortSignal;
  /** Of a change. */
  readonly key?: string;
}

/** A call to servers that reply with these in turn. */
function asking(replies: Reply[], asked: Asking = {}) {
  const { urls = ['http://one'], token = 'T', signal = null, key = null, ...limits } = asked;
  const [sent, retried]: [string[], Retry[]] = [[], []];
  const transport: Transport = (request) => {
    sent.push(request.url);
    const reply = replies.shift() ?? new Error('one too many');
    if (reply === 'silent')
      return new Promise((_, failed) =>
        request.signal.addEventListener('abort', () => failed(request.signal.reason as Error)),
      );
    return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
  };
  const call: Call = {
    addresses: new Addresses('query-api', urls),
    ...{ method: 'GET', path: '', body: null, headers: {}, key, signal, streams: null },
  };
  const settings: CallSettings = {
    ...{ transport, bearer: new Bearer(token), deadlineMs: 30_000, tryMs: 10_000, ...limits },
    onRetry: (retry) => retried.push(retry),
  };
  const ended = answered(call, settings).then(
    ({ answer: { status } }) => status,
    (error: unknown) => error as Error,
  );
  return { sent, retried, ended };
}

/** Lets time pass, and everything happen that is due by then. */
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

describe('a call', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] }));
  afterEach(() => void jest.useRealTimers());

  it('waits before it asks again: 50 to 100 ms at first', async () => {
    const { sent, ended } = asking([answer(503, 'not_caught_up'), answer(200)]);
    await pass(49);
    expect(sent).toHaveLength(1);
    await pass(52);
    expect(sent).toHaveLength(2);
    expect(await ended).toBe(200);
  });

  it.each<[string, Reply, string[]]>([
    ['at once where the first is away', away, ['http://one', 'http://two']],
    ['after a pause where the first has answered', answer(503, 'not_caught_up'), ['http://one']],
  ])('asks another address %s', async (_, first, sentAtOnce) => {
    const { sent, ended } = asking([first, answer(200)], { urls: ['http://one', 'http://two'] });
    await pass(0);
    expect(sent).toEqual(sentAtOnce);
    await pass(100);
    expect([sent, await ended]).toEqual([['http://one', 'http://two'], 200]);
  });

  it('ends at its deadline, however long one try may take', async () => {
    const { ended } = asking(['silent'], { deadlineMs: 1_000, tryMs: 10_000 });
    let isOver = false;
    void ended.then(() => (isOver = true));
    await pass(999);
    expect(isOver).toBe(false);
    await pass(1);
    expect(isOver).toBe(true);
    expect(await ended).toBeInstanceOf(NoAnswer);
  });

  it('has no answer where a server falls silent after it has answered, before the deadline cuts it off', async () => {
    const { sent, ended } = asking([answer(503, 'not_caught_up'), 'silent'], { deadlineMs: 300, tryMs: 150 });
    await pass(300);
    expect(sent).toHaveLength(2);
    expect((await ended) as Error).toMatchObject({
      message: expect.stringContaining('(ETIMEDOUT)') as unknown,
    });
    expect(await ended).toBeInstanceOf(NoAnswer);
  });

  it('has no answer where a server is gone since it has answered, and nobody knows what became of a change', async () => {
    const replies = [answer(503, 'event_store_unavailable'), ...Array.from({ length: 20 }, () => lost)];
    const { sent, ended } = asking(replies, { deadlineMs: 2_000, key: 'K' });
    await pass(2_000);
    expect(sent.length).toBeGreaterThan(1);
    expect(await ended).toMatchObject({
      constructor: NoAnswer,
      message: expect.stringContaining('(ECONNRESET)') as unknown,
      ...{ outcome: 'unknown', key: 'K' },
    });
  });

  it('asks for another token once, and gives up where that has expired, too', async () => {
    let asked = 0;
    const expired = () => answer(401, 'token_expired');
    const { sent, ended } = asking([expired(), expired(), answer(200)], { token: () => `T${++asked}` });
    await pass(0);
    expect(await ended).toMatchObject({ constructor: Problem, code: 'token_expired', tries: 2 });
    expect([sent.length, asked]).toEqual([2, 2]);
  });

  it.each<[string, Reply[]]>([
    ['is answered', [answer(200)]],
    ['is refused', [answer(404, 'order_not_found')]],
    ['fails', [new Error('a bug')]],
    ['is answered at last', [away, answer(200)]],
  ])(
    'that %s leaves no timer, which would keep its program, and nothing on its signal',
    async (_, replies) => {
      const { signal } = new AbortController();
      const { ended } = asking(replies, { signal });
      await pass(100);
      await ended;
      expect(jest.getTimerCount()).toBe(0);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    },
  );

  it('does not send a token again that has expired, where there is no source of another', async () => {
    const { sent, ended } = asking([answer(401, 'token_expired'), answer(200)]);
    expect(await ended).toMatchObject({ constructor: Problem, code: 'token_expired', tries: 1 });
    expect(sent).toHaveLength(1);
  });

  it.each([null, 'http://'])(
    'is refused with the page of a redirection that leads nowhere: %j',
    async (to) => {
      const page = { ...answer(302, '', to), text: async () => '<html>Moved' };
      const { ended } = asking([page]);
      expect(await ended).toMatchObject({ constructor: Problem, status: 302, detail: '<html>Moved' });
    },
  );
});
