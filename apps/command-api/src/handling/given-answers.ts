import { LRUCache } from 'lru-cache';
import type { CommandResult } from './command-request.js';

/** The part of an answer that never changes. Rebuilt from the events, only `position` may differ: see CommandResult. */
export type GivenAnswer = Pick<CommandResult, 'orderId' | 'revision' | 'position' | 'events'>;

/** Room for the answers to some 10,000 placed orders of twenty lines. */
const MAX_SIZE_BYTES = 16 * 1024 * 1024;
const ID_BYTES = 40;
const EVENT_BYTES = 200;
const ENTRY_BYTES = 300;

/**
 * The answers to the commands that this process handled last, so that a repeated command is answered without
 * asking the event store. Look here only after the order's state has told that the command was handled. An answer
 * that is not here is read from the order's events.
 */
export class GivenAnswers {
  readonly #answers: LRUCache<string, GivenAnswer>;

  constructor(maxSizeBytes = MAX_SIZE_BYTES) {
    this.#answers = new LRUCache({ maxSize: maxSizeBytes, sizeCalculation: sizeBytes });
  }

  of(commandId: string): GivenAnswer | undefined {
    return this.#answers.get(commandId);
  }

  remember(commandId: string, { orderId, revision, position, events }: GivenAnswer): void {
    this.#answers.set(commandId, { orderId, revision, position, events });
  }

  forget(): void {
    this.#answers.clear();
  }
}

function sizeBytes({ events }: GivenAnswer): number {
  return events.reduce(
    (sum, { ids }) => sum + EVENT_BYTES + ID_BYTES * Object.values(ids).flat().length,
    ENTRY_BYTES,
  );
}
