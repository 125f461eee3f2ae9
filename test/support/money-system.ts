import { afterAll, beforeAll, jest } from '@jest/globals';
import { evolve } from '#domain/order/order.js';
import type { Order, OrderState } from '#domain/order/state.js';
import { decode } from '#event-store/codec.js';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { orderStream } from '#event-store/streams.js';
import { startTestCommandApi, type Answer, type TestCommandApi } from './command-api.js';
import { startTestEventStore } from './event-store.js';
import { mugOrder } from './orders.js';

const TEST_LIMIT_MS = 120_000;
const PROCESSES = 2;

export interface MoneySystem {
  /** Places an order and returns its id. */
  place(): Promise<string>;
  /**
   * Sends through process `index`, modulo their number. Repeats the request with the same key when other writers
   * were faster.
   */
  send(index: number, path: string, body: object, key: string): Promise<Answer>;
  /** The order after each of its events, folded from its stream. */
  statesOf(orderId: string): Promise<readonly Order[]>;
}

/** Two processes of command-api on one event store, for all tests of a file. */
export function moneySystem(): MoneySystem {
  jest.setTimeout(TEST_LIMIT_MS);
  const apis: TestCommandApi[] = [];
  const opened: { close(): Promise<void> }[] = [];
  let store: DbClientEventStore;
  beforeAll(async () => {
    const server = await startTestEventStore();
    opened.unshift(server);
    for (let index = 0; index < PROCESSES; index++) {
      const api = await startTestCommandApi({ eventStoreUrl: server.url, ownProcess: true });
      apis.push(api);
      opened.unshift(api);
    }
    store = new DbClientEventStore({ connectionString: server.url });
    opened.unshift(store);
  }, TEST_LIMIT_MS);
  afterAll(async () => {
    for (const part of opened) await part.close();
  }, TEST_LIMIT_MS);

  const send: MoneySystem['send'] = async (index, path, body, key) => {
    for (;;) {
      const answer = await apis[index % PROCESSES]!.send(path, { body, key });
      if (answer.body['code'] !== 'conflict_retry_exhausted') return answer;
    }
  };
  return {
    send,
    async place() {
      const { status, body } = await apis[0]!.send('/v1/orders', { body: mugOrder() });
      if (status !== 201) throw new Error(JSON.stringify(body));
      return String(body['orderId']);
    },
    async statesOf(orderId) {
      const states: Order[] = [];
      let order: OrderState = null;
      for await (const raw of store.readStream(orderStream('default', orderId))) {
        for (const event of await decode([raw])) states.push((order = evolve(order, event)));
      }
      return states;
    },
  };
}
