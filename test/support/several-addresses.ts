import { setTimeout } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { IDLE_MS } from '#platform/http/draining.js';

export interface Asking {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly key?: string;
  readonly body?: unknown;
  readonly consistentWith?: string | null;
}

export interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** null: the answer has no position. */
  readonly position: string | null;
}

const PATIENCE_MS = 60_000;
const PAUSE_MS = 20;
/** A server that ends leaves idle connections open for longer: a client that is late meets none that just closes. */
const KEPT_IDLE_MS = IDLE_MS * 0.6;

/**
 * A client that knows several addresses of a service and tolerates two failures. When a connection is refused, it
 * tries the next address. After a 503 it asks the next address again, with the same key. It throws on everything
 * else.
 */
export class SeveralAddresses {
  readonly #urls: readonly string[];
  readonly #token: string;
  readonly #agent = new Agent({
    ...{ connections: 4, pipelining: 1 },
    ...{ keepAliveTimeout: KEPT_IDLE_MS, keepAliveMaxTimeout: KEPT_IDLE_MS },
  });
  #turn = 0;
  /** How often a connection was refused, and how often the answer was 503. */
  readonly forgiven = { refused: 0, unavailable: 0 };

  constructor(urls: readonly string[], token: string) {
    this.#urls = urls;
    this.#token = token;
  }

  async ask(path: string, asking: Asking = {}): Promise<Answered> {
    const untilMs = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await this.#once(this.#urls[this.#turn % this.#urls.length]! + path, asking);
      if (answer !== null && answer.status !== 503) return answer;
      this.forgiven[answer === null ? 'refused' : 'unavailable'] += 1;
      this.#turn += 1;
      if (performance.now() > untilMs) throw new Error(`${path}: no answer but ${JSON.stringify(answer)}`);
      await setTimeout(PAUSE_MS);
    }
  }

  /** Returns null when the connection was refused. */
  async #once(
    url: string,
    { method = 'GET', key, body, consistentWith = null }: Asking,
  ): Promise<Answered | null> {
    try {
      const {
        statusCode,
        headers,
        body: content,
      } = await request(url, {
        dispatcher: this.#agent,
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key === undefined ? {} : { 'idempotency-key': key }),
          ...(consistentWith === null ? {} : { 'consistent-with': consistentWith }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const position = headers['order-position'];
      return {
        status: statusCode,
        body: JSON.parse(await content.text()) as Record<string, unknown>,
        position: typeof position === 'string' ? position : null,
      };
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      // Reset while it is being made: the server stopped to listen meanwhile, and has seen nothing of the request.
      if (code === 'ECONNREFUSED' || (code === 'ECONNRESET' && syscall === 'connect')) return null;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }
}
