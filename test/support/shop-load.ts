import { createClient, type OrderlogClient } from '#client/orderlog-client.js';
import type { EventStore } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';
import { mugOrder } from './orders.js';
import { collected } from './stored-events.js';
import { strictTransport, type Forgiven } from './strict-transport.js';

interface Acknowledged {
  readonly orderId: string;
  revision: number;
  /** Of each event, in their order. */
  readonly types: string[];
  position: string;
}

/** What a command is answered with, as far as it is looked at. */
interface Told {
  readonly status: number;
  readonly body: {
    readonly orderId: string;
    readonly revision: number;
    readonly events: readonly { readonly type: string }[];
  } | null;
}

const WRITERS = 6;
const READERS = 4;
/** For what a busy machine takes its time with. */
const PATIENCE_MS = 60_000;

/**
 * What a shop does at once, with the published client: writers, each with orders of its own, and readers of all; every
 * answer is looked at.
 */
export class ShopLoad {
  readonly forgiven: Forgiven = { refused: 0, unavailable: 0, failures: [] };
  readonly counts = { commands: 0, reads: 0 };
  readonly #orders: Acknowledged[] = [];
  readonly #urls: { readonly commands: readonly string[]; readonly queries: readonly string[] };
  readonly #token: string;
  #running: Promise<unknown> | null = null;
  #ended = false;

  constructor(urls: { commands: readonly string[]; queries: readonly string[] }, token: string) {
    this.#urls = urls;
    this.#token = token;
  }

  get failures(): string[] {
    return this.forgiven.failures;
  }

  get done(): number {
    return this.counts.commands + this.counts.reads;
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

  /** Every acknowledged command is in its order's stream once, and nothing else; and every reader sees it. */
  async check(store: EventStore): Promise<void> {
    const client = this.#client();
    for (const { orderId, types, revision, position } of this.#orders) {
      const stored = await collected(store.readStream(orderStream('default', orderId)));
      const found = stored.map(({ type }) => type).join();
      if (found !== types.join()) this.failures.push(`${orderId}: ${found} instead of ${types.join()}`);
      client.session.saw(position);
      const read = await client.getOrder({ orderId });
      if (read.revision !== revision) this.failures.push(`${orderId} reads ${JSON.stringify(read)}`);
    }
  }

  #client(): OrderlogClient {
    return createClient({
      ...{ commandUrl: this.#urls.commands, queryUrl: this.#urls.queries, token: this.#token },
      ...{ deadlineMs: PATIENCE_MS, tryMs: PATIENCE_MS },
      transport: strictTransport(this.forgiven),
    });
  }

  async #writes(): Promise<void> {
    const client = this.#client();
    while (!this.#ended) {
      const placed = await client.answer('placeOrder', mugOrder());
      const { orderId } = placed.body!;
      const order: Acknowledged = { orderId, revision: -1, types: [], position: '' };
      const note = (told: Told) => this.#note(order, told, client.session.token!);
      note(placed);
      this.#orders.push(order);
      const paid = { amountMinor: 2_000, currency: 'EUR', providerReference: orderId };
      note(await client.answer('confirmOrder', { orderId }));
      note(await client.answer('recordPaymentCaptured', { orderId, ...paid }));
      note(await client.answer('addNote', { orderId, text: 'rolling' }));
      note(await client.answer('changeTags', { orderId, tags: ['rolling'] }));
      const read = await client.getOrder({ orderId });
      this.counts.reads += 1;
      if (read.revision !== order.revision) {
        this.failures.push(`read of one's own write at ${order.revision}: ${JSON.stringify(read)}`);
      }
    }
  }

  /** Its order is this writer's alone: each command adds to it, and takes the next revision. */
  #note(order: Acknowledged, { status, body }: Told, position: string): void {
    this.counts.commands += 1;
    const { events, revision } = body!;
    const isNext = revision === order.revision + events.length && events.length > 0;
    if (status !== (order.revision < 0 ? 201 : 200) || !isNext) {
      this.failures.push(`after ${order.revision}: ${status} ${JSON.stringify(body)}`);
    }
    order.revision = revision;
    order.position = position;
    order.types.push(...events.map(({ type }) => type));
  }

  async #reads(index: number): Promise<void> {
    const client = this.#client();
    const asked: readonly (() => Promise<unknown>)[] = [
      () => client.listOrders({ limit: 5 }),
      () => client.totalOrders({}),
      () => client.listEvents({ limit: 5 }),
      () => client.listOrders({ status: ['confirmed'] }),
    ];
    while (!this.#ended) {
      await asked[index % asked.length]!();
      this.counts.reads += 1;
    }
  }
}
