import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { mugOrder } from './orders.js';
import { collected } from './stored-events.js';
import { SeveralAddresses, type Answered } from './several-addresses.js';

interface Acknowledged {
  readonly orderId: string;
  revision: number;
  /** Type of each event, in order. */
  readonly types: string[];
  position: string;
}

const WRITERS = 6;
const READERS = 4;

/** The load of a shop: writers, each with its own orders, and readers of all orders. Every answer is checked. */
export class ShopLoad {
  readonly failures: string[] = [];
  readonly counts = { commands: 0, reads: 0 };
  readonly #orders: Acknowledged[] = [];
  readonly #clients: SeveralAddresses[] = [];
  readonly #urls: { readonly commands: readonly string[]; readonly queries: readonly string[] };
  readonly #token: string;
  #running: Promise<unknown> | null = null;
  #ended = false;

  constructor(urls: { commands: readonly string[]; queries: readonly string[] }, token: string) {
    this.#urls = urls;
    this.#token = token;
  }

  get done(): number {
    return this.counts.commands + this.counts.reads;
  }

  get forgiven(): { refused: number; unavailable: number } {
    const sum = (which: 'refused' | 'unavailable') =>
      this.#clients.reduce((all, { forgiven }) => all + forgiven[which], 0);
    return { refused: sum('refused'), unavailable: sum('unavailable') };
  }

  start(): void {
    const loops = [
      ...Array.from({ length: WRITERS }, () => this.#writes()),
      ...Array.from({ length: READERS }, (_, index) => this.#reads(index)),
    ];
    const told = loops.map((loop) => loop.catch((error: unknown) => void this.failures.push(String(error))));
    this.#running = Promise.all(told);
  }

  async stop(): Promise<void> {
    this.#ended = true;
    await this.#running;
  }

  /**
   * Checks that each order's stream holds exactly the acknowledged commands' events, and that a read shows them.
   */
  async check(store: EventStore): Promise<void> {
    const queries = this.#client(this.#urls.queries);
    for (const { orderId, types, revision, position } of this.#orders) {
      const stored = await collected(store.readStream(orderStream('default', orderId)));
      const found = stored.map(({ type }) => type).join();
      if (found !== types.join()) this.failures.push(`${orderId}: ${found} instead of ${types.join()}`);
      const read = await queries.ask(`/v1/orders/${orderId}`, { consistentWith: position });
      if (read.body['revision'] !== revision) this.failures.push(`${orderId} reads ${JSON.stringify(read)}`);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #client(urls: readonly string[]): SeveralAddresses {
    const client = new SeveralAddresses(urls, this.#token);
    this.#clients.push(client);
    return client;
  }

  async #writes(): Promise<void> {
    const commands = this.#client(this.#urls.commands);
    const queries = this.#client(this.#urls.queries);
    while (!this.#ended) {
      const placed = await commands.ask('/v1/orders', {
        method: 'POST',
        key: randomUUID(),
        body: mugOrder(),
      });
      const order = { orderId: String(placed.body['orderId']), revision: -1, types: [], position: '' };
      this.#note(order, placed, 201);
      this.#orders.push(order);
      const path = `/v1/orders/${order.orderId}`;
      for (const [method, what, body] of [
        ['POST', 'confirm', {}],
        [
          'POST',
          'payments/captured',
          { amountMinor: 2_000, currency: 'EUR', providerReference: order.orderId },
        ],
        ['POST', 'notes', { text: 'rolling' }],
        ['PUT', 'tags', { tags: ['rolling'] }],
      ] as const) {
        this.#note(order, await commands.ask(`${path}/${what}`, { method, key: randomUUID(), body }), null);
      }
      const read = await queries.ask(path, { consistentWith: order.position });
      this.counts.reads += 1;
      if (read.status !== 200 || read.body['revision'] !== order.revision) {
        this.failures.push(`read of one's own write at ${order.revision}: ${JSON.stringify(read)}`);
      }
    }
  }

  /**
   * Checks a command's answer. Only this writer changes the order, so each command adds events at the next
   * revisions.
   */
  #note(order: Acknowledged, { status, body, position }: Answered, expected: number | null): void {
    this.counts.commands += 1;
    const events = (body['events'] ?? []) as { type: string; revision: number }[];
    const revision = Number(body['revision']);
    const isNext = revision === order.revision + events.length && events.length > 0;
    if ((expected === null ? status >= 300 : status !== expected) || !isNext || position === null) {
      this.failures.push(`after ${order.revision}: ${status} ${JSON.stringify(body)}`);
    }
    order.revision = revision;
    order.position = position ?? order.position;
    order.types.push(...events.map(({ type }) => type));
  }

  async #reads(index: number): Promise<void> {
    const queries = this.#client(this.#urls.queries);
    const asked = [
      '/v1/orders?limit=5',
      '/v1/orders/totals',
      '/v1/events?limit=5',
      '/v1/orders?status=confirmed',
    ];
    while (!this.#ended) {
      const answer = await queries.ask(asked[index % asked.length]!);
      this.counts.reads += 1;
      if (answer.status !== 200) this.failures.push(`${asked[index]}: ${JSON.stringify(answer)}`);
    }
  }
}
