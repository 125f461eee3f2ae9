import { setTimeout } from 'node:timers/promises';
import type { LedgerEntry } from '../provider/ledger.js';
import type { ProviderRequest } from '../provider/payment-provider.js';
import type { LedgerPage } from '../provider/provider-server.js';
import type { HttpClient } from '../workload/http-client.js';

const WAIT_MS = 200;

/** The shop's client of the provider. It gives up no request before its outcome is known. */
export class ProviderClient {
  readonly #http: HttpClient;
  readonly #url: string;

  constructor(http: HttpClient, url: string) {
    this.#http = http;
    this.#url = url;
  }

  /**
   * The ledger entries of a request. If no answer comes, the ledger tells whether the request arrived; if it did
   * not, it is sent again.
   */
  async ask(request: ProviderRequest): Promise<readonly LedgerEntry[]> {
    for (;;) {
      const answer = await this.#http.send(`${this.#url}/requests`, {
        ...{ method: 'POST', body: request, headers: {} },
      });
      if (typeof answer !== 'string' && answer.status === 200) return answer.body['entries'] as LedgerEntry[];
      const known = await this.ledger({ requestId: request.requestId });
      if (known !== null && known.entries.length > 0) return known.entries;
      await setTimeout(WAIT_MS);
    }
  }

  /** Returns null when the provider does not answer now. */
  async ledger(of: Readonly<Record<string, string>>): Promise<LedgerPage | null> {
    const query = new URLSearchParams(of).toString();
    const answer = await this.#http.send(`${this.#url}/ledger?${query}`, { method: 'GET', headers: {} });
    return typeof answer === 'string' || answer.status !== 200
      ? null
      : (answer.body as unknown as LedgerPage);
  }
}
