import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import type { LedgerEntry } from '../provider/ledger.js';
import type { Delivery } from '../provider/provider-server.js';
import { Random } from '../random.js';
import { CommandSender } from '../workload/command-sender.js';
import { HttpClient } from '../workload/http-client.js';
import { Session } from '../workload/session.js';
import { AttemptLog } from './attempt-log.js';
import { OrderReader } from './order-reader.js';
import { ProviderClient } from './provider-client.js';
import { Recording } from './recording.js';
import { wishOf, type FeedEvent } from './wishes.js';

export interface WorkerOptions {
  readonly tenantId: string;
  readonly token: string;
  /** As in the token. */
  readonly clientId: string;
  readonly commandUrls: readonly string[];
  readonly queryUrls: readonly string[];
  readonly providerUrl: string;
  /** How many times as quick as usual the provider is. */
  readonly providerPace: number;
  readonly attemptsPath: string;
  readonly seed: string;
}

/** `GET /status` */
export interface WorkerStatus {
  /** Passes over feed and ledger since the process started. */
  readonly passes: number;
  /** How many of the latest passes in a row found nothing to do or to wait for. */
  readonly quietPasses: number;
}

const PASS_EVERY_MS = 150;

/**
 * A shop's integration with its payment provider. It stores nothing: the feed of events tells what the shop wants,
 * and the provider's ledger tells what came of it. So the worker may die at any point, and two may run at once.
 */
export class PaymentWorker {
  readonly #tenantId: string;
  readonly #provider: ProviderClient;
  readonly #orders: OrderReader;
  readonly #recording: Recording;
  readonly #currencies = new Map<string, string>();
  #after: string | null = null;
  #ledgerAfter = 0;
  #underWay = 0;
  #status: WorkerStatus = { passes: 0, quietPasses: 0 };

  constructor(options: WorkerOptions) {
    const { tenantId, token, clientId, seed } = options;
    this.#tenantId = tenantId;
    const http = new HttpClient();
    const random = new Random(`${seed}/${process.pid}`);
    const via = { http, urls: options.commandUrls, session: new Session(), random };
    const sender = { name: `payments-${process.pid}`, tenantId, token, clientId, customerId: null };
    const recorder = new AttemptLog(options.attemptsPath);
    this.#provider = new ProviderClient(new HttpClient({ pace: options.providerPace }), options.providerUrl);
    this.#orders = new OrderReader(http, options.queryUrls, token, random);
    this.#recording = new Recording(
      new CommandSender(sender, { ...via, recorder }),
      this.#orders,
      this.#provider,
    );
  }

  async listen(port: number): Promise<void> {
    const server = createServer((request, response) => {
      if (request.method === 'GET') response.end(JSON.stringify(this.#status));
      else void this.#hear(request).then(() => response.end());
    });
    await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  }

  async run(): Promise<never> {
    for (;;) {
      const busyBefore = this.#underWay > 0;
      const isQuiet = await this.#pass();
      const { passes, quietPasses } = this.#status;
      const wasQuiet = isQuiet && !busyBefore && this.#underWay === 0;
      this.#status = { passes: passes + 1, quietPasses: wasQuiet ? quietPasses + 1 : 0 };
      await setTimeout(PASS_EVERY_MS);
    }
  }

  /** One pass over feed and ledger. @returns whether there was nothing to do and nothing is still expected */
  async #pass(): Promise<boolean> {
    const page = await this.#orders.events(this.#after);
    if (page === null) return false;
    await perOrder(page.items, (event) => this.#act(event));
    this.#after = page.next;
    const ledger = await this.#provider.ledger({ after: String(this.#ledgerAfter) });
    if (ledger === null) return false;
    await perOrder(ledger.entries, async (entry) => {
      if (!this.#recording.isRecorded(entry)) await this.#recording.record(entry, `ledger:${entry.seq}`);
    });
    this.#ledgerAfter = ledger.entries.at(-1)?.seq ?? this.#ledgerAfter;
    return page.items.length === 0 && ledger.entries.length === 0 && ledger.unsettled === 0;
  }

  async #act(event: FeedEvent): Promise<void> {
    const { orderId, revision, type, data } = event;
    if (type === 'OrderPlaced') this.#currencies.set(orderId, data['currency'] as string);
    const wish = wishOf(event);
    if (wish === null) return;
    const { ofAuthorization, ...asked } = wish;
    const cause = `${orderId}@${revision}`;
    const entries = await this.#provider.ask({
      ...asked,
      ...{ requestId: `${asked.ask} ${cause}`, cause, tenantId: this.#tenantId, orderId },
      currency: this.#currencies.get(orderId)!,
      authorization: ofAuthorization ? await this.#authorization(orderId) : null,
    });
    for (const entry of entries) {
      if (!this.#recording.isRecorded(entry)) await this.#recording.record(entry, `answer:${cause}`);
    }
  }

  /** The order's authorization was asked for when it was placed, and the placing comes first in the feed. */
  async #authorization(orderId: string): Promise<string> {
    for (;;) {
      const page = await this.#provider.ledger({ requestId: `authorize ${orderId}@0` });
      const [entry] = page?.entries ?? [];
      if (entry) return entry.reference;
      await setTimeout(PASS_EVERY_MS);
    }
  }

  async #hear(request: IncomingMessage): Promise<void> {
    this.#underWay += 1;
    const delivery = await received(request);
    if (delivery) await this.#recording.record(delivery.entry, `webhook:${delivery.deliveryId}`);
    this.#underWay -= 1;
  }
}

/** Returns null for a delivery that was cut off. It comes again, or the ledger tells of it. */
async function received(request: IncomingMessage): Promise<Delivery | null> {
  try {
    return JSON.parse(await text(request)) as Delivery;
  } catch {
    return null;
  }
}

/** Acts on the items of each order one after another, and on different orders at the same time. */
async function perOrder<T extends FeedEvent | LedgerEntry>(
  all: readonly T[],
  act: (one: T) => Promise<void>,
): Promise<void> {
  const lists = new Map<string, T[]>();
  for (const one of all) {
    const known = lists.get(one.orderId);
    if (known) known.push(one);
    else lists.set(one.orderId, [one]);
  }
  const each = async (list: readonly T[]) => {
    for (const one of list) await act(one);
  };
  await Promise.all([...lists.values()].map(each));
}
