/**
 * Why a message was not sent:
 * - `away`: an engine can't be reached, or works for nobody. All messages wait, and none is held against them.
 * - `behind`: query-api does not have the event yet. This message waits, and that is not held against it.
 * - `failed`: this message failed, and may succeed later. Counted.
 * - `refused`: this message never will be taken.
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
