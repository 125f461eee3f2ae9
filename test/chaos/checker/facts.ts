import type { OrderCommand } from '#domain/order/order.js';
import type { RawEvent } from '#event-store/port.js';
import type { LedgerEntry } from '../provider/ledger.js';

/** Everything that was seen of a run, from outside: what the checker judges by. It asks no system itself. */
export interface Facts {
  readonly commands: readonly CommandAttempt[];
  readonly reads: readonly ReadAttempt[];
  /** All events of order streams, in the order in which the store gives them out of `$all`. */
  readonly log: readonly RawEvent[];
  /**
   * Ids of events that a later release appended, or tried to: no client asked for them, and of each order this one cannot
   * read the first.
   */
  readonly ofLaterRelease: ReadonlySet<string>;
  /** Ids of the events of each stream, as the store gives them when that stream is read. */
  readonly streams: ReadonlyMap<string, readonly string[]>;
  /** Every snapshot that was ever written, also those that gave way to others. */
  readonly snapshots: readonly RawEvent[];
  readonly rows: RowFacts;
  /** null: nothing is searched in Elasticsearch. */
  readonly documents: readonly DocumentFact[] | null;
  /** In the order of each partition; null: there is no Kafka. */
  readonly messages: readonly MessageFact[] | null;
  /** In the order in which followers of the feed were told, each of one tenant. */
  readonly feed: readonly FeedFact[];
  readonly parked: readonly ParkedFact[];
  /** What a person had the order rows leave out. */
  readonly skips: readonly EventKey[];
  /** What a person had the relay leave out. */
  readonly unsent: readonly EventKey[];
  readonly samples: readonly Sample[];
  /** null: there is no payment provider. */
  readonly provider: ProviderFacts | null;
}

/** What the payment provider has in its own books, after the run. */
export interface ProviderFacts {
  /** Whose money moves there, and nowhere else. */
  readonly tenants: readonly string[];
  readonly ledger: readonly LedgerEntry[];
}

export interface OrderKey {
  readonly tenantId: string;
  readonly orderId: string;
}

export interface EventKey extends OrderKey {
  readonly revision: number;
}

/** One request for a change, sent once. The same command may be attempted often. */
export interface CommandAttempt extends OrderKey {
  readonly client: string;
  /** When it was sent, since the client's process began. */
  readonly atMs: number;
  /** Derived from its Idempotency-Key; null: a dry run, which has none. */
  readonly commandId: string | null;
  /** As the API has to understand the body. */
  readonly command: OrderCommand;
  readonly occurredAt: string | null;
  readonly ifMatch: number | null;
  readonly outcome: CommandOutcome;
}

export type CommandOutcome =
  | {
      readonly kind: 'done';
      readonly revision: number;
      readonly events: readonly AnsweredEvent[];
      /** `Idempotent-Replayed: true` */
      readonly replayed: boolean;
      readonly position: bigint | null;
    }
  /** 4xx, or that the event store is away: a no, and nothing may have come of it. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  /** No answer, or another 5xx. */
  | { readonly kind: 'unknown'; readonly why: string };

export interface AnsweredEvent {
  readonly type: string;
  readonly revision: number;
  readonly ids: Readonly<Record<string, unknown>>;
}

/** One question to query-api. */
export interface ReadAttempt {
  readonly client: string;
  /** When it was sent, since the client's process began. */
  readonly atMs: number;
  readonly tenantId: string;
  readonly asks: string;
  /** The order that the question finds when it is there; null: any orders. */
  readonly orderId: string | null;
  /** What its token or its minRevision obliges an answer to show; null: nothing. */
  readonly mustShow: { readonly orderId: string; readonly revision: number } | null;
  /** Of an answer: each order in it as shown, with the revision that it says it has; null: refused, or no answer. */
  readonly shown: readonly ShownOrder[] | null;
  readonly status: number | null;
  /** When it says to come again; null: it says nothing of it, or there is no answer. */
  readonly retryAfter: string | null;
  /** null: the question is about nothing but orders as they are or were. */
  readonly inquiry: InquiryFact | null;
}

/** A question about what became of one order, or about what many come to. */
export type Inquiry =
  /** `after`: the revision that the page before ended with; null: the first page. */
  | {
      readonly kind: 'history';
      readonly orderId: string;
      readonly after: number | null;
      readonly limit: number;
    }
  | { readonly kind: 'diff'; readonly orderId: string; readonly from: Place; readonly to: Place }
  | {
      readonly kind: 'totals';
      readonly by: 'day' | 'month' | 'status' | 'country' | null;
      /** null: of all. */
      readonly customerId: string | null;
      readonly asOf: PastMoment | null;
    }
  | { readonly kind: 'export'; readonly asOf: PastMoment | null }
  /** The orders that were not the same at two moments. */
  | {
      readonly kind: 'changed';
      readonly clock: PastMoment['clock'];
      readonly from: string;
      readonly to: string;
    }
  | { readonly kind: 'customer'; readonly customerId: string };

export interface PastMoment {
  readonly clock: 'occurred' | 'recorded';
  readonly at: string;
}

/** In the history of an order. */
export type Place = { readonly revision: number } | PastMoment;

export interface InquiryFact {
  readonly question: Inquiry;
  /** Of the token that it was asked with: the answer shows no less. null: it was asked without. */
  readonly least: bigint | null;
  /** Of the token that it was answered with: the answer shows no more. null: it has none. */
  readonly most: bigint | null;
  /** What the client had seen of the order before. */
  readonly seen: number | null;
  /** null: refused, or no answer. */
  readonly answer: Readonly<Record<string, unknown>> | null;
}

export interface ShownOrder {
  readonly orderId: string;
  readonly revision: number;
  /** `view`: the whole order; `past`: as it was, without notes taken back since; `summary`: an item of a list. */
  readonly as: 'view' | 'past' | 'summary';
  readonly content: Readonly<Record<string, unknown>>;
}

/** Columns as node-postgres gives them: timestamps as Date, int8 as text, JSON parsed. */
export type ColumnValues = Readonly<Record<string, unknown>>;

/** All rows of the active generation, seen at one moment after the run. */
export interface RowFacts {
  readonly orders: readonly ColumnValues[];
  readonly history: readonly ColumnValues[];
  /** null: an index of Elasticsearch is searched instead. */
  readonly search: readonly ColumnValues[] | null;
  /** Words of each tenant. */
  readonly words: ReadonlyMap<string, ReadonlySet<string>> | null;
}

export interface DocumentFact {
  readonly id: string;
  readonly version: number;
  readonly source: Readonly<Record<string, unknown>>;
}

export interface MessageFact {
  readonly partition: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

/** An event as the feed told of it. */
export interface FeedFact extends EventKey {
  readonly eventId: string;
}

export interface ParkedFact extends EventKey {
  /** `orders`, `search` or `relay:…`. */
  readonly projection: string;
}

/** What one snapshot of PostgreSQL held in the middle of the run, and what the index held just after it. */
export interface Sample {
  readonly atMs: number;
  /** That answers came from. */
  readonly generation: number;
  /** null: nothing was read yet. */
  readonly checkpoint: bigint | null;
  readonly revisions: ReadonlyMap<string, number>;
  readonly historyRows: number;
  readonly parked: readonly ParkedFact[];
  readonly skips: readonly EventKey[];
  /** null: nothing is searched in Elasticsearch, or it was away. */
  readonly index: IndexSample | null;
}

export interface IndexSample {
  readonly checkpoint: bigint;
  readonly revisions: ReadonlyMap<string, number>;
  /** Orders whose rows are said to have been written behind that checkpoint. */
  readonly late: ReadonlySet<string>;
}
