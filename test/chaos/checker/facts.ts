import type { OrderCommand } from '#domain/order/order.js';
import type { Actor, RawEvent } from '#event-store/port.js';
import type { LedgerEntry } from '../provider/ledger.js';

/** Everything that was seen of a run from outside. The checker judges by it alone and asks no system. */
export interface Facts {
  readonly commands: readonly CommandAttempt[];
  readonly reads: readonly ReadAttempt[];
  readonly customerAnswers: readonly CustomerAnswer[];
  /** All events of order streams, in the order of `$all`. */
  readonly log: readonly RawEvent[];
  /**
   * Ids of events that a later release appended or tried to append. No client asked for them. The first one in an
   * order is an event that this release cannot read.
   */
  readonly ofLaterRelease: ReadonlySet<string>;
  /** Ids of the events of each stream, in the order in which reading the stream returns them. */
  readonly streams: ReadonlyMap<string, readonly string[]>;
  /** Every snapshot that was ever written, including those that were replaced. */
  readonly snapshots: readonly RawEvent[];
  /** Ids of the snapshots that were written in the place of others as a fault, none of which may be used. */
  readonly damagedSnapshots: ReadonlySet<string>;
  readonly snapshotCounts: SnapshotCounts;
  readonly rows: RowFacts;
  /** null: orders are not searched in Elasticsearch. */
  readonly documents: readonly DocumentFact[] | null;
  /** In the order of each partition; null: there is no Kafka. */
  readonly messages: readonly MessageFact[] | null;
  /** In the order in which followers of the feed received them, each follower of one tenant. */
  readonly feed: readonly FeedFact[];
  readonly parked: readonly ParkedFact[];
  /** Events that a person had skipped in the order rows. */
  readonly skips: readonly EventKey[];
  /** Events that a person had skipped in the relay. */
  readonly unsent: readonly EventKey[];
  readonly samples: readonly Sample[];
  /** null: there is no payment provider. */
  readonly provider: ProviderFacts | null;
}

/** What the command-apis counted about snapshots, by outcome. */
export interface SnapshotCounts {
  /** Looks for a snapshot. */
  readonly reads: ReadonlyMap<string, number>;
  /** Comparisons of a state loaded from a snapshot with what all events make. */
  readonly checks: ReadonlyMap<string, number>;
}

/** The payment provider's own books, after the run. */
export interface ProviderFacts {
  /** The tenants whose money moves at this provider, and nowhere else. */
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

/** One request for a change, sent once. The same command may be attempted several times. */
export interface CommandAttempt extends OrderKey {
  readonly client: string;
  /** When it was sent, in milliseconds since the client's process began. */
  readonly atMs: number;
  /** Who asks, as the token says. */
  readonly actor: Actor;
  /**
   * Derived from its Idempotency-Key; null without one. A PUT without one is a command of its own each time it is sent.
   */
  readonly commandId: string | null;
  /**
   * Its X-Correlation-Id, which its events keep. Every sending by a client has its own; a repetition by the network has
   * that of the sending repeated.
   */
  readonly correlationId: string;
  readonly isDryRun: boolean;
  /** The command that the API has to read from the body. */
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
  /** 4xx, or 503 because the event store is away: the command was refused, and must have left nothing. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  /** No answer, or another 5xx: whether the command was done is unknown. */
  | { readonly kind: 'unknown'; readonly why: string };

export interface AnsweredEvent {
  readonly type: string;
  readonly revision: number;
  readonly ids: Readonly<Record<string, unknown>>;
}

/** One question to query-api. */
export interface ReadAttempt {
  readonly client: string;
  /** When it was sent, in milliseconds since the client's process began. */
  readonly atMs: number;
  readonly tenantId: string;
  /** The customer who asks; null: staff or a service. */
  readonly customerId: string | null;
  readonly asks: string;
  /** The order that the answer contains if it exists; null: the question is about any orders. */
  readonly orderId: string | null;
  /** The order and revision that its token or its minRevision obliges an answer to show; null: nothing. */
  readonly mustShow: { readonly orderId: string; readonly revision: number } | null;
  /** Each order of the answer as shown, with the revision that the answer gives it; null: refused, or no answer. */
  readonly shown: readonly ShownOrder[] | null;
  readonly status: number | null;
  /** The answer's Retry-After; null: it has none, or there is no answer. */
  readonly retryAfter: string | null;
  /** null: the question asks only for orders as they are or were. */
  readonly inquiry: InquiryFact | null;
}

/** Any answer that a customer got, to a command or to a question, as a whole. */
export interface CustomerAnswer {
  readonly client: string;
  readonly tenantId: string;
  readonly customerId: string;
  /** Method and path of the request. */
  readonly asks: string;
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A question about the history of one order, or about many orders at once. */
export type Inquiry =
  /** `after`: the last revision of the page before; null: the first page. */
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
      /** null: totals of all customers. */
      readonly customerId: string | null;
      readonly asOf: PastMoment | null;
    }
  | { readonly kind: 'export'; readonly asOf: PastMoment | null }
  /** The orders that differed between two moments. */
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

/** A point in the history of an order. */
export type Place = { readonly revision: number } | PastMoment;

export interface InquiryFact {
  readonly question: Inquiry;
  /** Position of the token that the question carried: the answer shows at least that much. null: no token. */
  readonly least: bigint | null;
  /** Position of the token that the answer carried: the answer shows no more than that. null: no token. */
  readonly most: bigint | null;
  /** The revision of the order that the client had seen before. */
  readonly seen: number | null;
  /** null: refused, or no answer. */
  readonly answer: Readonly<Record<string, unknown>> | null;
}

export interface ShownOrder {
  readonly orderId: string;
  readonly revision: number;
  /**
   * `view`: the whole order; `past`: an earlier state, without notes redacted since; `summary`: an item of a list.
   */
  readonly as: 'view' | 'past' | 'summary';
  readonly content: Readonly<Record<string, unknown>>;
}

/** Columns as node-postgres returns them: timestamps as Date, int8 as text, JSON parsed. */
export type ColumnValues = Readonly<Record<string, unknown>>;

/** All rows of the active generation, read at one moment after the run. */
export interface RowFacts {
  readonly orders: readonly ColumnValues[];
  readonly history: readonly ColumnValues[];
  /** null: orders are searched in an index of Elasticsearch instead. */
  readonly search: readonly ColumnValues[] | null;
  /** The vocabulary of each tenant. */
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

/** An event as the feed gave it out. */
export interface FeedFact extends EventKey {
  readonly eventId: string;
}

export interface ParkedFact extends EventKey {
  /** `orders`, `search` or `relay:…`. */
  readonly projection: string;
}

/** A sample: what one PostgreSQL snapshot held in the middle of the run, and what the index held just after it. */
export interface Sample {
  readonly atMs: number;
  /** The generation that queries were answered from. */
  readonly generation: number;
  /** null: nothing was applied yet. */
  readonly checkpoint: bigint | null;
  readonly revisions: ReadonlyMap<string, number>;
  readonly historyRows: number;
  readonly parked: readonly ParkedFact[];
  readonly skips: readonly EventKey[];
  /** null: orders are not searched in Elasticsearch, or it was away. */
  readonly index: IndexSample | null;
}

export interface IndexSample {
  readonly checkpoint: bigint;
  readonly revisions: ReadonlyMap<string, number>;
  /** Orders recorded as late: their rows were written behind that checkpoint. */
  readonly late: ReadonlySet<string>;
}
