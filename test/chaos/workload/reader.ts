import { instantAt } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import { orderOf, type OrderDocument } from '#read-models/order-document.js';
import type { ReadAttempt, ShownOrder } from '../checker/facts.js';
import type { Random } from '../random.js';
import type { Sender } from './command-sender.js';
import type { HttpAnswer, HttpClient } from './http-client.js';
import type { KnownOrder } from './orders.js';
import type { Recorder } from './recorder.js';
import type { Session } from './session.js';

interface Question {
  readonly asks: string;
  readonly path: string;
  readonly body?: unknown;
  readonly orderId: string | null;
  readonly as: ShownOrder['as'];
  /** Of `minRevision`; null: the question names none. */
  readonly minRevision?: number;
  /** Whether the token obliges it. */
  readonly waits: boolean;
}

const PAST_MS = 120_000;

/** Asks query-api, and records each question with what was shown. */
export class Reader {
  readonly #sender: Sender;
  readonly #http: HttpClient;
  readonly #urls: readonly string[];
  readonly #recorder: Recorder;
  readonly #session: Session;
  readonly #random: Random;

  constructor(
    sender: Sender,
    via: { http: HttpClient; urls: readonly string[]; recorder: Recorder; session: Session; random: Random },
  ) {
    this.#sender = sender;
    this.#http = via.http;
    this.#urls = via.urls;
    this.#recorder = via.recorder;
    this.#session = via.session;
    this.#random = via.random;
  }

  /** The order to decide on; null: not to be had now. */
  async order({ orderId }: KnownOrder): Promise<Order | null> {
    const question = {
      asks: `order ${orderId}`,
      path: `/v1/orders/${orderId}`,
      orderId,
      as: 'view' as const,
      waits: true,
    };
    const answer = await this.#ask(question, this.#random.chance(60));
    if (typeof answer === 'string' || answer.status !== 200) return null;
    const { personal, stale: _stale, staleReason: _reason, ...document } = answer.body;
    return orderOf(document as unknown as OrderDocument, personal as Order['personal']);
  }

  async anything(known: KnownOrder): Promise<void> {
    const question = this.#random.one(this.#questions(known))!;
    await this.#ask(question, question.waits && this.#random.chance(70));
  }

  /** Its answer is one that says that there is no such order. */
  async ofAnotherTenant({ orderId }: KnownOrder): Promise<void> {
    const path = `/v1/orders/${orderId}`;
    await this.#ask({ asks: `foreign order ${orderId}`, path, orderId, as: 'view', waits: false }, false);
  }

  #questions({ orderId, reference, seen }: KnownOrder): readonly Question[] {
    const order = `/v1/orders/${orderId}`;
    const revision = this.#random.below((seen?.revision ?? 0) + 1);
    const covered = this.#session.covered(orderId);
    const at = instantAt(Date.now() - this.#random.below(PAST_MS));
    const search = (body: Record<string, unknown>) => ({
      asks: `search ${JSON.stringify(body)}`,
      path: '/v1/orders/search',
      // All that match: a text like `ref-client-1-1` matches many references, and the newest come first.
      body: { ...body, facets: ['status'], limit: 100 },
      orderId,
      as: 'summary' as const,
      waits: true,
    });
    const past = (query: string) => ({
      ...{ asks: `order ${orderId} ${query}`, path: `${order}?${query}` },
      ...{ orderId, as: 'past' as const, waits: false },
    });
    return [
      { asks: `order ${orderId}`, path: order, orderId, as: 'view', waits: true },
      ...(covered === null
        ? []
        : [
            {
              asks: `order ${orderId} minRevision=${covered}`,
              path: `${order}?minRevision=${covered}`,
              minRevision: covered,
              ...{ orderId, as: 'view' as const, waits: false },
            },
          ]),
      past(`revision=${revision}`),
      past(`recordedAsOf=${at}`),
      past(`asOf=${at}`),
      {
        asks: `list reference=${reference}`,
        path: `/v1/orders?reference=${reference}`,
        ...{ orderId, as: 'summary' as const, waits: true },
      },
      { asks: 'list', path: '/v1/orders?limit=50', orderId: null, as: 'summary', waits: false },
      {
        asks: `list recordedAsOf=${at}`,
        path: `/v1/orders?limit=50&recordedAsOf=${at}`,
        ...{ orderId: null, as: 'summary' as const, waits: false },
      },
      search({ text: reference }),
      search({ referencePrefix: reference }),
      search({ filters: { reference } }),
    ];
  }

  async #ask(question: Question, withToken: boolean): Promise<HttpAnswer | string> {
    const { orderId, minRevision, as, asks, path, body } = question;
    const token = withToken ? this.#session.token : null;
    const covered = orderId === null || token === null ? null : this.#session.covered(orderId);
    const least = Math.max(covered ?? -1, minRevision ?? -1);
    const atMs = performance.now();
    const answer = await this.#http.send(this.#random.one(this.#urls)! + path, {
      method: body === undefined ? 'GET' : 'POST',
      body,
      headers: {
        authorization: `Bearer ${this.#sender.token}`,
        ...(token === null ? {} : { 'consistent-with': token }),
      },
    });
    const shown = typeof answer === 'string' ? null : shownIn(answer, as);
    const attempt: ReadAttempt = {
      client: this.#sender.name,
      atMs,
      tenantId: this.#sender.tenantId,
      asks: token === null ? asks : `${asks} with a token`,
      orderId,
      mustShow: orderId === null || least < 0 ? null : { orderId, revision: least },
      shown,
      status: typeof answer === 'string' ? null : answer.status,
    };
    this.#recorder.reads.push(attempt);
    if (typeof answer !== 'string' && shown !== null && as !== 'past') {
      const told = answer.headers['order-position'];
      this.#session.saw(typeof told === 'string' ? told : null, shown);
    }
    return answer;
  }
}

function shownIn({ status, body }: HttpAnswer, as: ShownOrder['as']): readonly ShownOrder[] | null {
  if (status !== 200) return null;
  const shown = as === 'summary' ? (body['items'] as Record<string, unknown>[]) : [body];
  return shown.map(({ highlights: _highlights, stale: _stale, staleReason: _reason, ...content }) => ({
    orderId: String(content['orderId']),
    revision: content['revision'] as number,
    as,
    content,
  }));
}
