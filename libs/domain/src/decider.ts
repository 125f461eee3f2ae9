import type { Instant } from './instant.js';

/** What stands in place of personal data whose key was destroyed. */
export const ERASED = 'erased';
export type Erased = typeof ERASED;

/**
 * Something that happened to an order. `personal` holds what names a person (names, address lines,
 * e-mail, phone, note text), apart from `data`, so that it alone can be encrypted and erased.
 */
export interface Event<Type extends string, Data, Personal = null> {
  readonly type: Type;
  readonly occurredAt: Instant;
  readonly data: Data;
  readonly personal: Personal extends null ? null : Personal | Erased;
}

/** Something asked of an order, without transport. Ids and times come from the DecisionContext. */
export interface Command<Type extends string, Data, Personal = null> {
  readonly type: Type;
  readonly data: Data;
  readonly personal: Personal;
}

/** What a decision may know besides the order and the command. The domain reads no clock and makes no id. */
export interface DecisionContext {
  readonly now: Instant;
  /** When the events happened in the business; null means now. */
  readonly occurredAt: Instant | null;
  /** Whether the asker may record what happened more than 60 s ago. */
  readonly mayBackdate: boolean;
  /** The id of the index-th thing that this command creates: the same command gives the same ids. */
  readonly newId: (index: number) => string;
}

/** How an event came into its stream. */
export interface Recording {
  /** 0 for the first event of the order. */
  readonly revision: number;
  readonly recordedAt: Instant;
  /** The command that caused the event. */
  readonly commandId: string;
  /** 128 bits in hex of the command's content. */
  readonly fingerprint: string;
}

export type Recorded<E> = E & { readonly recording: Recording };

/** The event with what storing it adds. */
export function recorded<
  E extends {
    readonly type: string;
    readonly occurredAt: Instant;
    readonly data: unknown;
    readonly personal: unknown;
  },
>(event: E, recording: Recording): Recorded<E> {
  const { type, occurredAt, data, personal } = event;
  return { type, occurredAt, data, personal, recording } as unknown as Recorded<E>;
}

export interface Rejection<Code extends string> {
  readonly code: Code;
  readonly details: Readonly<Record<string, string | number | readonly string[]>>;
}

export type Decision<E, Code extends string> =
  | { readonly accepted: true; readonly events: readonly E[] }
  | { readonly accepted: false; readonly rejection: Rejection<Code> };

/** One fold per event of the union: a new event does not compile until it has one. */
export type Evolve<State, E extends { type: string }> = {
  readonly [T in E['type']]: (state: State, event: Extract<E, { type: T }>) => State;
};

/** One decision per command of the union. */
export type Decide<State, C extends { type: string }, E, Code extends string> = {
  readonly [T in C['type']]: (
    state: State,
    command: Extract<C, { type: T }>,
    context: DecisionContext,
  ) => Decision<E, Code>;
};

/**
 * An event as one area of the order decides it: without `occurredAt`, which all events of a decision share, and
 * without `personal` where the event never has any.
 */
export type Draft<E> = E extends { personal: null }
  ? Omit<E, 'occurredAt' | 'personal'>
  : E extends unknown
    ? Omit<E, 'occurredAt'>
    : never;
