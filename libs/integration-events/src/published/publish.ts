import type { JsonSchema, Fields, Values } from '../fields.js';
import { objectSchema } from '../fields.js';

/** How one kind of event is told to the world. */
export interface Published<E> {
  /** Of the message's schema: the number at the end of its type. */
  readonly version: number;
  /** What happened, in a sentence. */
  readonly summary: string;
  /** Of the facts alone: what every message says of its order comes besides. */
  readonly facts: JsonSchema;
  readonly factsOf: (event: E) => object;
}

/** One answer for each event of the union: a new event does not compile until it has one. */
export type PublishedPart<E extends { readonly type: string }> = {
  readonly [T in E['type']]: Published<Extract<E, { type: T }>>;
};

/**
 * Each fact is named one by one, also within lists: a field that is new inside does not get out by itself.
 */
export function publish<E, const F extends Fields>(
  version: number,
  summary: string,
  fields: F,
  factsOf: (event: E) => Values<F>,
): Published<E> {
  return { version, summary, facts: objectSchema(fields), factsOf };
}
