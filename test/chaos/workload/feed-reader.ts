import { setTimeout } from 'node:timers/promises';
import type { FeedFact } from '../checker/facts.js';
import type { Random } from '../random.js';
import { HttpClient } from './http-client.js';

const MOST_EVENTS = 40;
const WAIT_MS = 200;

interface FeedPage {
  readonly items: readonly (Omit<FeedFact, 'tenantId'> & { readonly next: string })[];
  readonly next: string;
}

/** Follows the feed of one tenant from its beginning, in pages of random size, always from the place reached. */
export class FeedReader {
  readonly told: FeedFact[] = [];
  readonly #http = new HttpClient();
  readonly #urls: readonly string[];
  readonly #tenantId: string;
  readonly #token: string;
  readonly #random: Random;
  #after: string | null = null;

  constructor(via: { urls: readonly string[]; tenantId: string; token: string; random: Random }) {
    this.#urls = via.urls;
    this.#tenantId = via.tenantId;
    this.#token = via.token;
    this.#random = via.random;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) if ((await this.#read()) !== 'more') await setTimeout(WAIT_MS);
  }

  /**
   * Reads to the end of the feed once nothing is written any more. An event that did not come by then is missing.
   */
  async finish(limitMs: number): Promise<void> {
    const untilMs = performance.now() + limitMs;
    while (performance.now() < untilMs && (await this.#read()) !== 'end');
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  async #read(): Promise<'more' | 'end' | 'no answer'> {
    const query = new URLSearchParams({ limit: String(this.#random.between(1, MOST_EVENTS)) });
    if (this.#after !== null) query.set('after', this.#after);
    const url = `${this.#random.one(this.#urls)!}/v1/events?${query.toString()}`;
    const headers = { authorization: `Bearer ${this.#token}` };
    const answer = await this.#http.send(url, { method: 'GET', headers });
    if (typeof answer === 'string' || answer.status !== 200) return 'no answer';
    const page = answer.body as unknown as FeedPage;
    if (page.items.length === 0) {
      this.#after = page.next;
      return 'end';
    }
    // Sometimes acts like a follower that stopped in the middle of a page and goes on from there.
    const last = this.#random.chance(20) ? this.#random.below(page.items.length) : page.items.length - 1;
    for (const { orderId, revision, eventId } of page.items.slice(0, last + 1))
      this.told.push({ tenantId: this.#tenantId, orderId, revision, eventId });
    this.#after = last === page.items.length - 1 ? page.next : page.items[last]!.next;
    return 'more';
  }
}
