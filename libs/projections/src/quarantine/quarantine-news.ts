import type pg from 'pg';
import { QUARANTINE_CHANNEL } from '#read-models/schema.js';
import { Wakeup } from '../engine/wakeup.js';

/** Whether a person has asked for something since the last look; announced by NOTIFY on the owner's connection. */
export class QuarantineNews {
  readonly #wakeup = new Wakeup();

  /** @param signal ends the listening, and wakes whoever waits */
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
   * Resolves at once when something was announced since the last call, otherwise when it is, or after the timeout.
   * @returns whether something was announced
   */
  heard(timeoutMs: number): Promise<boolean> {
    return this.#wakeup.wait(timeoutMs);
  }
}
