/**
 * Why a message was not sent:
 * - `away`: an engine can't be reached, or serves nobody. All messages wait, and the try is not counted.
 * - `behind`: query-api does not have the event yet. This message waits, and the try is not counted.
 * - `failed`: this message failed, and may succeed later. The try is counted.
 * - `refused`: this message will never be taken.
 */
export type Hindrance = 'away' | 'behind' | 'failed' | 'refused';

export class NotSent extends Error {
  override readonly name = 'NotSent';
  readonly hindrance: Hindrance;

  /** @param reason names no person: it is logged, stored and part of a dead letter */
  constructor(hindrance: Hindrance, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.hindrance = hindrance;
  }
}
