import { LRUCache } from 'lru-cache';
import type { CommandResult } from './command-request.js';

/** The part of an answer that never changes. Rebuilt from the events, only `position` may differ: see CommandResult. */
export type GivenAnswer = Pick<CommandResult, 'orderId' | 'revision' | 'position' | 'events'>;

/** An answer without its position, as JSON: to the garbage collector one object, and not one for each line of an order. */
interface Packed {
  readonly text: string;
  readonly position: bigint | null;
}

/** Room for the answers to some 12,000 placed orders of twenty lines. */
const MAX_SIZE_BYTES = 16 * 1024 * 1024;
/** Of an entry besides its text. */
const ENTRY_BYTES = 300;

/**
 * The answers to the commands that this process handled last, so that a repeated command is answered without
 * asking the event store. Look here only after the order's state has told that the command was handled. An answer
 * that is not here is read from the order's events.
 */
export class GivenAnswers {
  readonly #answers: LRUCache<string, Packed>;

  constructor(maxSizeBytes = MAX_SIZE_BYTES) {
    this.#answers = new LRUCache({ maxSize: maxSizeBytes });
  }

  of(commandId: string): GivenAnswer | undefined {
    const packed = this.#answers.get(commandId);
    if (!packed) return undefined;
    const { orderId, revision, events } = JSON.parse(packed.text) as Omit<GivenAnswer, 'position'>;
    return { orderId, revision, events, position: packed.position };
  }

  remember(commandId: string, { orderId, revision, position, events }: GivenAnswer): void {
    const text = JSON.stringify({ orderId, revision, events });
    this.#answers.set(commandId, { text, position }, { size: ENTRY_BYTES + text.length });
  }

  forget(): void {
    this.#answers.clear();
  }
}
