import type { PoolClient } from 'pg';
import { AWAY_PAUSE_MAX_MS, pauseMs } from './backoff.js';
import type { DueMessage, Inbox, Outcome } from './inbox.js';
import { causeOf, log } from './log.js';

/** How often to look: this process is not told of messages from other notifiers, or of tries that fall due. */
const LOOK_EVERY_MS = 500;

export interface SenderOptions {
  readonly inbox: Inbox;
  readonly attempt: (message: DueMessage, client: PoolClient) => Promise<Outcome>;
  /** How many messages are sent at the same time. */
  readonly concurrency: number;
  /** The first pause, for all workers, when an engine is away. */
  readonly retryMs: number;
}

/** Sends the messages that are due, several at a time, until it is stopped. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #running: Promise<void>[];
  #stopped = false;
  readonly #sleepers = new Set<() => void>();
  /** How many pauses in a row were made because an engine was away. */
  #awayTimes = 0;
  /** Of a clock that only goes forward: the time of day may be set back. */
  #awayUntilMs = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#running = Array.from({ length: options.concurrency }, () => this.#work());
  }

  /** Wakes the workers: there may be something to send. */
  wake(): void {
    for (const wakeUp of this.#sleepers) wakeUp();
  }

  /** While an engine is away all workers pause, longer each time. Tries after a pause find out if it is back. */
  noteEngines(condition: 'there' | 'away'): void {
    if (condition === 'there') {
      this.#awayTimes = 0;
      this.#awayUntilMs = 0;
      return;
    }
    if (performance.now() < this.#awayUntilMs) return; // another worker has noticed the same outage
    this.#awayTimes++;
    this.#awayUntilMs =
      performance.now() + pauseMs(this.#awayTimes, this.#options.retryMs, AWAY_PAUSE_MAX_MS);
  }

  /** Resolves when the tries under way have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await Promise.all(this.#running);
  }

  async #work(): Promise<void> {
    while (!this.#stopped) {
      const awayMs = this.#awayUntilMs - performance.now();
      if (awayMs > 0) await this.#sleep(awayMs);
      else if (!(await this.#sendOne())) await this.#sleep(LOOK_EVERY_MS);
    }
  }

  async #sendOne(): Promise<boolean> {
    try {
      return await this.#options.inbox.next(this.#options.attempt);
    } catch (error) {
      // The transaction was rolled back: the message is as it was before.
      log('error', 'what became of a message could not be stored: it is tried again', {
        reason: causeOf(error),
      });
      this.noteEngines('away');
      return false;
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((done) => {
      const wakeUp = () => {
        clearTimeout(timer);
        this.#sleepers.delete(wakeUp);
        done();
      };
      const timer = setTimeout(wakeUp, ms);
      this.#sleepers.add(wakeUp);
    });
  }
}
