import type { TokenSource } from './bearer.js';
import type { Retry } from './call.js';
import type { Session } from './session.js';
import type { Transport } from './transport.js';

export interface ClientOptions {
  /**
   * One address or several: where one is away, the next is tried. A client that only reads needs no command-api.
   */
  readonly commandUrl?: string | readonly string[];
  readonly queryUrl?: string | readonly string[];
  /** A function is asked again when its token has expired or is refused. */
  readonly token: TokenSource;
  /**
   * How long a call may take, with all its tries and pauses; 30 s unless given. An export has to begin by then. From
   * there on it is bound by query-api, which cuts it off when nothing of it is taken for 60 s, and after 15 minutes in all.
   */
  readonly deadlineMs?: number;
  /** How long one try may take, and an export that has begun be silent; 10 s unless given. */
  readonly tryMs?: number;
  /** What was read and written so far; a new session unless given. */
  readonly session?: Session;
  /** Sends the requests; the platform's `fetch` unless given. */
  readonly transport?: Transport;
  /** Called before each pause. */
  readonly onRetry?: (retry: Retry) => void;
}

export interface CallOptions {
  /** The Idempotency-Key of a change; one is made for each call unless given. */
  readonly key?: string;
  /** The revision that the change was decided on: 412 `precondition_failed` when the order is at another one. */
  readonly ifMatch?: number;
  /** Of this call, in place of the client's. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /**
   * Further headers: `traceparent`, `x-correlation-id`, `x-causation-id`, `if-none-match`. One that the client sends
   * by itself is a TypeError.
   */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PageOptions extends CallOptions {
  /**
   * For the feed only: the pause before asking for more, once it has told everything. Without it, the feed ends. Each
   * time is a call with a deadline of its own: an outage that is longer ends the feed with `NoAnswer` or `Problem`.
   */
  readonly pollMs?: number;
}

/** An answer, with its headers' content. */
export interface Answer<Body> {
  /** 200 or 201; 304 when `if-none-match` was sent and the order is still at that revision. */
  readonly status: number;
  /** null with 304. */
  readonly body: Body | null;
  /** The order's revision, from `ETag`; null where an answer is not about one order. */
  readonly revision: number | null;
  /** Whether the change was done before, with the same key: the answer is the one given then. */
  readonly replayed: boolean;
  /** Where to read an order that was placed. */
  readonly location: string | null;
  /** The Idempotency-Key that was sent. */
  readonly key: string | null;
}

/** A request by its path, for what this client has no method for. */
export interface RawRequest {
  readonly api: 'command' | 'query';
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
}
