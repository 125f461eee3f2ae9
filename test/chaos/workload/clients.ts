import type { ChaosSystem } from '../system/chaos-system.js';
import type { Random } from '../random.js';
import { customerOf } from './any-order.js';
import { CustomerClient } from './customer-client.js';
import type { KnownOrders } from './orders.js';
import type { Recorder } from './recorder.js';
import { ShopClient } from './shop-client.js';

/** What all clients of a round share. */
export interface Shared {
  readonly orders: KnownOrders;
  readonly recorder: Recorder;
  readonly random: Random;
  readonly tenants: readonly [first: string, second: string];
  /** The tenant whose money moves at the payment provider. */
  readonly payingTenant: string;
}

export interface Client {
  run(signal: AbortSignal): Promise<void>;
}

type Reached = Pick<ChaosSystem, 'issuer' | 'commandUrls' | 'queryUrls'>;

export const TOKEN_SECONDS = 4 * 3_600;
const SERVICES = 12;
/** The same customer's id in both tenants, and two customers of one tenant. */
const CUSTOMERS = [
  { tenant: 0, number: 0, stranger: 1 },
  { tenant: 0, number: 1, stranger: 0 },
  { tenant: 1, number: 0, stranger: 1 },
] as const;
/** The program that all customers use. */
const CUSTOMERS_PROGRAM = 'storefront';
/** Few enough that most orders get a long history and clients meet at the same orders. */
const MAX_ORDERS = 60;

/** The clients of a round: services of the shops, and a few of their customers. */
export async function openClients(system: Reached, shared: Shared): Promise<readonly Client[]> {
  const services = Array.from({ length: SERVICES }, (_, index) => serviceOf(index, system, shared));
  const customers = CUSTOMERS.map((customer) => customerClientOf(customer, system, shared));
  return Promise.all<Client>([...services, ...customers]);
}

async function serviceOf(index: number, system: Reached, shared: Shared): Promise<Client> {
  const { issuer, commandUrls, queryUrls } = system;
  const { orders, recorder, random, tenants, payingTenant } = shared;
  const name = `client-${index}`;
  const tenantId = tenants[index % 3 === 2 ? 1 : 0];
  const token = await issuer.issueToken({
    tenant: tenantId,
    scopes: ['orders:read', 'orders:write', 'orders:refund', 'orders:admin'],
    clientId: name,
    lifetimeSeconds: TOKEN_SECONDS,
  });
  return new ShopClient({
    sender: { name, tenantId, token, clientId: name, customerId: null },
    ...{ commandUrls, queryUrls, orders, recorder, random: random.fork(name) },
    ...{ maxOrders: MAX_ORDERS, movesMoney: tenantId !== payingTenant },
  });
}

async function customerClientOf(
  { tenant, number, stranger }: (typeof CUSTOMERS)[number],
  { issuer, commandUrls, queryUrls }: Reached,
  { orders, recorder, random, tenants }: Shared,
): Promise<Client> {
  const tenantId = tenants[tenant];
  const name = `${tenantId}-${customerOf(number)}`;
  const sender = async <Id extends string | null>(role: string, customerId: Id) => ({
    ...{ name: `${name}-${role}`, tenantId, customerId, clientId: CUSTOMERS_PROGRAM },
    token: await issuer.issueToken({
      ...{ tenant: tenantId, clientId: CUSTOMERS_PROGRAM, lifetimeSeconds: TOKEN_SECONDS },
      ...(customerId === null ? {} : { customer: customerId }),
      scopes: ['orders:read', 'orders:write'],
    }),
  });
  return new CustomerClient({
    customer: await sender('self', customerOf(number)),
    stranger: await sender('stranger', customerOf(stranger)),
    desk: await sender('desk', null),
    ...{ commandUrls, queryUrls, orders, recorder, random: random.fork(name) },
  });
}
