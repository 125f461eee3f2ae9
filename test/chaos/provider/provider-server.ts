import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { Random } from '../random.js';
import { HttpClient } from '../workload/http-client.js';
import { Ledger, type LedgerEntry } from './ledger.js';
import { PaymentProvider, type ProviderRequest } from './payment-provider.js';

export interface ProviderOptions {
  readonly ledgerPath: string;
  /** Webhooks of the workers; each delivery goes to any one of them. */
  readonly webhookUrls: readonly string[];
  readonly seed: string;
  /** How many times as quick as usual it is. */
  readonly pace: number;
}

/** `GET /ledger` */
export interface LedgerPage {
  readonly entries: readonly LedgerEntry[];
  /** Number of refunds that are not finished, and of captures that will be taken back. */
  readonly unsettled: number;
}

/** `POST` to a webhook. An entry may come in several deliveries, late, in any order, or never. */
export interface Delivery {
  readonly deliveryId: string;
  readonly entry: LedgerEntry;
}

const LATE_MS = 5_000;
const SETTLED_MS = 1_500;
const DELIVERY_MS = 3_000;

/**
 * The provider over HTTP, as unreliable as real ones: it may answer late or not at all, and deliver twice or
 * never.
 */
export class ProviderServer {
  readonly #options: ProviderOptions;
  readonly #ledger: Ledger;
  readonly #provider: PaymentProvider;
  readonly #random: Random;
  readonly #http = new HttpClient();

  constructor(options: ProviderOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.ledgerPath);
    this.#provider = new PaymentProvider(this.#ledger);
    // Each start of the process uses another sequence, so that what was lost once is not lost for ever.
    this.#random = new Random(`${options.seed}/${this.#ledger.entries.length}`);
  }

  async listen(port: number): Promise<void> {
    for (const entry of this.#provider.unsettled) void this.#settleLater(entry);
    const server = createServer((request, response) => {
      void this.#serve(request, response).catch(() => response.destroy()); // the client has gone
    });
    await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://provider');
    if (request.method === 'GET' && url.pathname === '/ledger') return json(response, this.#page(url));
    if (request.method !== 'POST' || url.pathname !== '/requests') {
      response.writeHead(404).end();
      return;
    }
    const asked = JSON.parse(await text(request)) as ProviderRequest;
    const dice = this.#random.below(100);
    if (dice < 8) return void request.destroy(); // the request never arrived
    for (const entry of this.#provider.handle(asked)) this.#follow(entry);
    if (dice < 22) return void request.destroy(); // the request was done, but gets no answer
    if (dice < 36) await this.#delay(LATE_MS);
    json(response, { entries: this.#provider.of(asked.requestId) });
  }

  #page({ searchParams }: URL): LedgerPage {
    const after = Number(searchParams.get('after') ?? 0);
    const requestId = searchParams.get('requestId');
    const authorization = searchParams.get('authorization');
    const entries = this.#ledger.entries.filter(
      (entry) =>
        entry.seq > after &&
        (requestId === null || entry.requestId === requestId) &&
        (authorization === null || [entry.authorization, entry.reference].includes(authorization)),
    );
    return { entries, unsettled: this.#provider.unsettled.length };
  }

  #follow(entry: LedgerEntry): void {
    if (entry.kind !== 'refunding') this.#tell(entry);
    if (this.#provider.unsettled.includes(entry)) void this.#settleLater(entry);
  }

  async #settleLater(entry: LedgerEntry): Promise<void> {
    await this.#delay(SETTLED_MS);
    this.#follow(this.#provider.settle(entry));
    // A capture that was taken back in part.
    if (this.#provider.unsettled.includes(entry)) void this.#settleLater(entry);
  }

  #delay(atMostMs: number): Promise<void> {
    return setTimeout(this.#random.below(atMostMs) / this.#options.pace);
  }

  #tell(entry: LedgerEntry): void {
    const times = this.#random.one([0, 1, 1, 1, 2, 3])!;
    for (let time = 0; time < times; time++) void this.#deliver(entry);
  }

  async #deliver(entry: LedgerEntry): Promise<void> {
    await this.#delay(DELIVERY_MS);
    const body: Delivery = { deliveryId: randomUUID(), entry };
    // The provider ignores whether a delivery arrives: the shop has to read the ledger anyway.
    await this.#http.send(this.#random.one(this.#options.webhookUrls)!, {
      method: 'POST',
      body,
      headers: {},
    });
  }
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
