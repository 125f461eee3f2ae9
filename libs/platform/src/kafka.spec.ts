import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import './kafka.js';

interface Request {
  readonly entry: { readonly correlationId: number; readonly resolve: () => void };
  readonly expectResponse: boolean;
  readonly sendRequest: () => void;
}

interface Queue {
  push(request: Request): void;
  checkPendingRequests(): void;
  fulfillRequest(answer: { correlationId: number; payload: Buffer; size: number }): void;
}

const require = createRequire(import.meta.url);
const RequestQueue = require('kafkajs/src/network/requestQueue/index.js') as new (options: object) => Queue;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

it('a connection to Kafka on which no request waits to be sent has no timer, and the next one is sent in time', () => {
  const sent: number[] = [];
  const queue = new RequestQueue({
    ...{ requestTimeout: 30_000, maxInFlightRequests: 1, clientId: 'test', broker: 'one' },
    logger: { debug: () => {} },
    isConnected: () => true,
  });
  const push = (correlationId: number) =>
    queue.push({
      entry: { correlationId, resolve: () => {} },
      expectResponse: true,
      sendRequest: () => void sent.push(correlationId),
    });
  queue.checkPendingRequests();
  expect(jest.getTimerCount()).toBe(0);
  push(1);
  push(2);
  jest.advanceTimersByTime(100);
  expect(sent).toEqual([1]);
  expect(jest.getTimerCount()).toBe(1);
  queue.fulfillRequest({ correlationId: 1, payload: Buffer.alloc(0), size: 0 });
  expect(sent).toEqual([1, 2]);
  jest.advanceTimersByTime(100);
  expect(jest.getTimerCount()).toBe(0);
});
