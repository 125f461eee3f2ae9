import { instantAt } from '#domain/instant.js';
import type { Order } from '#domain/order/state.js';
import { decodeOrderPosition } from '#platform/order-position.js';
import { orderOf, type OrderDocument } from '#read-models/order-document.js';
import type { Inquiry, InquiryFact, ReadAttempt, ShownOrder } from '../checker/facts.js';
import type { Random } from '../random.js';
import type { Sender } from './command-sender.js';
import type { HttpAnswer, HttpClient } from './http-client.js';
import { anyInquiry, pathOf } from './inquiries.js';
import type { KnownOrder } from './orders.js';
import type { Recorder } from './recorder.js';
import type { Session } from './session.js';

interface Question {
  readonly asks: string;
  readonly path: string;
  readonly body?: unknown;
  readonly orderId: string | null;
  readonly as: ShownOrder['as'];
  /** `minRevision` of the question; absent: it has none. */
  readonly minRevision?: number;
  /** Whether a token obliges the answer to show the order's latest change. */
  readonly waits: boolean;
  /** Absent: the question asks only for orders as they are or were. */
  readonly inquiry?: Inquiry;
}

const PAST_MS = 120_000;
/**
 * Inquiries cost more. Together with the reads of orders to decide on, this makes them less than a tenth of all
 * reads.
 */
const INQUIRIES_PERCENT = 18;

/** Asks query-api, and records each question with the orders shown. */
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

  /** The order to decide on; null: it cannot be read now. */
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
    if (this.#random.chance(INQUIRIES_PERCENT)) return this.#inquire(anyInquiry(known, this.#random), null);
    const question = this.#random.one(this.#questions(known))!;
    await this.#ask(question, question.as === 'past' || (question.waits && this.#random.chance(70)));
  }

  /** The answer must be that there is no such order. */
  async ofAnotherTenant({ orderId }: KnownOrder): Promise<void> {
    const path = `/v1/orders/${orderId}`;
    await this.#ask({ asks: `foreign order ${orderId}`, path, orderId, as: 'view', waits: false }, false);
  }

  /**
   * Asks with the token, if there is one. The answer then has to be right at a position between the question's
   * token and the answer's.
   */
  async #inquire(inquiry: Inquiry, cursor: string | null): Promise<void> {
    const path = pathOf(inquiry, cursor);
    const orderId = 'orderId' in inquiry ? inquiry.orderId : null;
    // A difference between earlier moments need not show the latest change.
    const waits = inquiry.kind !== 'diff';
    const answer = await this.#ask({ asks: path, path, orderId, as: 'summary', waits, inquiry }, true);
    if (inquiry.kind !== 'history' || typeof answer === 'string' || answer.status !== 200) return;
    const { items, nextCursor } = answer.body as unknown as HistoryPage;
    if (nextCursor === null || this.#random.chance(30)) return;
    await this.#inquire({ ...inquiry, after: items.at(-1)!.revision }, nextCursor);
  }

  #questions({ orderId, reference, seen }: KnownOrder): readonly Question[] {
    const order = `/v1/orders/${orderId}`;
    const revision = this.#random.below((seen?.revision ?? 0) + 1);
    const covered = this.#session.covered(orderId);
    const at = instantAt(Date.now() - this.#random.below(PAST_MS));
    const search = (body: Record<string, unknown>) => ({
      asks: `search ${JSON.stringify(body)}`,
      path: '/v1/orders/search',
      // The limit must cover all matches: a text like `ref-client-1-1` matches many references, and the newest
      // come first.
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
    const { orderId, minRevision, as, asks, path, body, inquiry, waits } = question;
    const token = withToken ? this.#session.token : null;
    const asked = token === null ? null : this.#session.position;
    const seen = orderId === null ? null : this.#session.covered(orderId);
    const least = Math.max((token !== null && waits ? seen : null) ?? -1, minRevision ?? -1);
    const atMs = performance.now();
    const answer = await this.#http.send(this.#random.one(this.#urls)! + path, {
      method: body === undefined ? 'GET' : 'POST',
      body,
      headers: {
        authorization: `Bearer ${this.#sender.token}`,
        ...(token === null ? {} : { 'consistent-with': token }),
      },
    });
    const told = headerOf(answer, 'order-position');
    const shown = typeof answer === 'string' ? null : shownIn(answer, as, inquiry);
    const attempt: ReadAttempt = {
      client: this.#sender.name,
      atMs,
      tenantId: this.#sender.tenantId,
      customerId: this.#sender.customerId,
      asks: token === null ? asks : `${asks} with a token`,
      orderId,
      mustShow: orderId === null || least < 0 ? null : { orderId, revision: least },
      shown,
      status: typeof answer === 'string' ? null : answer.status,
      retryAfter: headerOf(answer, 'retry-after'),
      inquiry: inquiry === undefined ? null : inquiryFact(inquiry, { asked, told, seen }, answer),
    };
    this.#recorder.reads.push(attempt);
    this.#session.saw(told, shown ?? []);
    return answer;
  }
}

interface HistoryPage {
  readonly items: readonly { readonly revision: number }[];
  readonly nextCursor: string | null;
}

function headerOf(answer: HttpAnswer | string, name: string): string | null {
  const value = typeof answer === 'string' ? undefined : answer.headers[name];
  return typeof value === 'string' ? value : null;
}

function inquiryFact(
  question: Inquiry,
  { asked, told, seen }: { asked: bigint | null; told: string | null; seen: number | null },
  answer: HttpAnswer | string,
): InquiryFact {
  return {
    question,
    least: asked,
    most: told === null ? null : decodeOrderPosition(told)!.position,
    seen,
    answer: typeof answer === 'string' || answer.status !== 200 ? null : answer.body,
  };
}

type Content = Readonly<Record<string, unknown>>;

function shownIn(
  { status, body }: HttpAnswer,
  as: ShownOrder['as'],
  inquiry?: Inquiry,
): readonly ShownOrder[] | null {
  if (status !== 200) return null;
  const contents = contentsOf(body, as, inquiry);
  if (contents === null) return null;
  return contents.map(({ highlights: _highlights, stale: _stale, staleReason: _reason, ...content }) => ({
    orderId: String(content['orderId']),
    revision: content['revision'] as number,
    as,
    content,
  }));
}

/** Returns null when the answer shows no order as it is or was. */
function contentsOf(body: Content, as: ShownOrder['as'], inquiry?: Inquiry): readonly Content[] | null {
  const items = body['items'] as readonly Content[];
  if (inquiry === undefined) return as === 'summary' ? items : [body];
  if (inquiry.kind === 'export') return items;
  if (inquiry.kind !== 'changed') return null;
  return items.flatMap(({ from, to }) => [from, to].filter((one): one is Content => one !== null));
}
