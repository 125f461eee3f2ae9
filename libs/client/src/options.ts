import type { TokenSource } from './bearer.js';
import type { Retry } from './call.js';
import type { Session } from './session.js';
import type { Transport } from './transport.js';

export interface ClientOptions {
  /** One address or several: the next one is tried where one is away. Who only reads needs no command-api. */
  readonly commandUrl?: string | readonly string[];
  readonly queryUrl?: string | readonly string[];
  /** A function is asked again when its token has expired or is refused. */
  readonly token: TokenSource;
  /** How long a call may take, with all its tries and pauses; 30 s unless given. */
  readonly deadlineMs?: number;
  /** How long one try may take; 10 s unless given. */
  readonly tryMs?: number;
  /** What was read and written so far; a new one unless given. */
  readonly session?: Session;
  /** How requests travel; the platform's `fetch` unless given. */
  readonly transport?: Transport;
  /** Told before each pause. */
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
  /** Further headers: `traceparent`, `x-correlation-id`, `x-causation-id`, `if-none-match`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PageOptions extends CallOptions {
  /** Of the feed alone: how long to wait for more once everything was told. */
  readonly pollMs?: number;
}

/** An answer with what its headers say. */
export interface Answer<Body> {
  /** 200 or 201; 304 when `if-none-match` was sent and the order is at that revision still. */
  readonly status: number;
  /** null with 304. */
  readonly body: Body | null;
  /** Of the order, as `ETag` has it; null where an answer is not about one order. */
  readonly revision: number | null;
  /** Whether the change was done before, by the same key: the answer is the one given then. */
  readonly replayed: boolean;
  /** Where to read an order that was placed. */
  readonly location: string | null;
  /** The Idempotency-Key that was sent. */
  readonly key: string | null;
}

/** A request by its path, for what has no method here. */
export interface RawRequest {
  readonly api: 'command' | 'query';
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
}
