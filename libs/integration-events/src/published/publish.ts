import type { JsonSchema, Fields, Values } from '../fields.js';
import { objectSchema } from '../fields.js';

/** How one type of event is published. */
export interface Published<E> {
  /** Version of the message's schema: the number at the end of its type. */
  readonly version: number;
  /** What happened, in a sentence. */
  readonly summary: string;
  /** Schema of the event's own facts, without the fields about the order that every message has. */
  readonly facts: JsonSchema;
  readonly factsOf: (event: E) => object;
}

/** One entry for each event of the union: a new event does not compile until it has one. */
export type PublishedPart<E extends { readonly type: string }> = {
  readonly [T in E['type']]: Published<Extract<E, { type: T }>>;
};

/**
 * `factsOf` names each fact one by one, also within lists: a new field of the domain is not published by itself.
 */
export function publish<E, const F extends Fields>(
  version: number,
  summary: string,
  fields: F,
  factsOf: (event: E) => Values<F>,
): Published<E> {
  return { version, summary, facts: objectSchema(fields), factsOf };
}
