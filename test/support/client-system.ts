import { afterAll, beforeAll, jest } from '@jest/globals';
import {
  createClient,
  type ClientOptions,
  type Input,
  type OrderlogClient,
} from '#client/orderlog-client.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
import { startWholeSystem, type WholeSystem } from './whole-system.js';

/** CI machines are slow and shared. */
const TEST_LIMIT_MS = 60_000;

export interface ClientSystem {
  readonly system: WholeSystem;
  /** The network between a client and command-api. */
  readonly network: TcpProxy;
  /** A client of both APIs, reached directly by default. */
  client(options?: Partial<ClientOptions>): OrderlogClient;
  /** A client that reaches command-api through `network`. */
  proxied(options?: Partial<ClientOptions>): OrderlogClient;
}

/** Both APIs on real stores, for all tests of a file. */
export function clientSystem(): ClientSystem {
  jest.setTimeout(TEST_LIMIT_MS);
  let system: WholeSystem | undefined;
  let network: TcpProxy | undefined;
  beforeAll(async () => {
    system = await startWholeSystem('http://query.example');
    network = await startTcpProxy(Number(system.commandApi.split(':')[1]));
  }, TEST_LIMIT_MS);
  afterAll(async () => {
    await network?.close();
    await system?.close();
  }, TEST_LIMIT_MS);
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('the system has not started');
    return part;
  };
  const client = (options: Partial<ClientOptions> = {}) => {
    const { commandApi, queryApi, token } = started(system);
    return createClient({
      commandUrl: `http://${commandApi}`,
      queryUrl: `http://${queryApi}`,
      token,
      ...options,
    });
  };
  return {
    get system() {
      return started(system);
    },
    get network() {
      return started(network);
    },
    client,
    proxied: (options) => client({ commandUrl: `http://127.0.0.1:${started(network).port}`, ...options }),
  };
}

/** Two mugs. */
export function mugs(changes: Partial<Input<'placeOrder'>> = {}): Input<'placeOrder'> {
  return {
    currency: 'GBP',
    lines: [{ sku: 'MUG', name: 'Mug', quantity: 2, unitPriceMinor: 450 }],
    ...changes,
  };
}
