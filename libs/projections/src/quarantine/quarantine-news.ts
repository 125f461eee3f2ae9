import type pg from 'pg';
import { QUARANTINE_CHANNEL } from '#read-models/schema.js';
import { Wakeup } from '../engine/wakeup.js';

/** Whether a person asked for something since it was last looked; told by NOTIFY on the owner's connection. */
export class QuarantineNews {
  readonly #wakeup = new Wakeup();

  /** @param signal when it aborts, nobody waits any more */
  static async listen(db: pg.Client, signal: AbortSignal): Promise<QuarantineNews> {
    const news = new QuarantineNews();
    const hear = ({ channel }: pg.Notification) => {
      if (channel === QUARANTINE_CHANNEL) news.#wakeup.wake();
    };
    const end = () => {
      db.off('notification', hear);
      news.#wakeup.wake();
    };
    db.on('notification', hear);
    signal.addEventListener('abort', end, { once: true });
    await db.query(`LISTEN ${QUARANTINE_CHANNEL}`);
    return news;
  }

  /**
   * Resolves at once when something was told since the last time, else when it is, or after the time.
   * @returns whether it was told
   */
  heard(timeoutMs: number): Promise<boolean> {
    return this.#wakeup.wait(timeoutMs);
  }
}
