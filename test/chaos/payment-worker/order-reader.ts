import { setTimeout } from 'node:timers/promises';
import type { LedgerEntry } from '../provider/ledger.js';
import type { HttpAnswer, HttpClient } from '../workload/http-client.js';
import type { Random } from '../random.js';
import { TRIGGERS, type FeedEvent } from './wishes.js';

const WAIT_MS = 100;
const PAGE_EVENTS = 200;

type Kind = 'authorizations' | 'captures';

interface Payments {
  readonly payments: Readonly<Record<Kind, readonly { paymentId: string; providerReference: string }[]>>;
}

/** Reads what the worker needs to know of orders, from any query-api. */
export class OrderReader {
  readonly #http: HttpClient;
  readonly #urls: readonly string[];
  readonly #token: string;
  readonly #random: Random;
  readonly #paymentIds = new Map<string, string>();

  constructor(http: HttpClient, urls: readonly string[], token: string, random: Random) {
    this.#http = http;
    this.#urls = urls;
    this.#token = token;
    this.#random = random;
  }

  /** The order's own id of what the provider knows under a reference. Waits until a read shows it. */
  async paymentId({ orderId }: LedgerEntry, kind: Kind, reference: string): Promise<string> {
    for (;;) {
      const known = this.#paymentIds.get(`${kind} ${reference}`);
      if (known !== undefined) return known;
      const answer = await this.#get(`/v1/orders/${orderId}`);
      const { payments } = (answer?.body ?? {}) as Partial<Payments>;
      for (const { paymentId, providerReference } of payments?.[kind] ?? []) {
        this.#paymentIds.set(`${kind} ${providerReference}`, paymentId);
      }
      if (!this.#paymentIds.has(`${kind} ${reference}`)) await setTimeout(WAIT_MS);
    }
  }

  /** The next events that the shop acts upon, in the order of the feed; null: no answer now. */
  async events(after: string | null): Promise<{ items: readonly FeedEvent[]; next: string } | null> {
    const query = new URLSearchParams({ limit: String(PAGE_EVENTS), types: TRIGGERS.join(',') });
    if (after !== null) query.set('after', after);
    const answer = await this.#get(`/v1/events?${query.toString()}`);
    return answer && (answer.body as unknown as { items: FeedEvent[]; next: string });
  }

  async #get(path: string): Promise<HttpAnswer | null> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const answer = await this.#http.send(this.#random.one(this.#urls)! + path, { method: 'GET', headers });
    if (typeof answer !== 'string' && answer.status === 200) return answer;
    const why = typeof answer === 'string' ? answer : `${answer.status} ${JSON.stringify(answer.body)}`;
    process.stderr.write(`${path}: ${why}\n`);
    return null;
  }
}
