import type pg from 'pg';
import { QUARANTINE_CHANNEL } from '#read-models/schema.js';

/** Whether a person asked for something since it was last looked; told by NOTIFY on the owner's connection. */
export class QuarantineNews {
  #told = false;
  #wake: (() => void) | null = null;

  /** @param signal when it aborts, nobody waits any more */
  static async listen(db: pg.Client, signal: AbortSignal): Promise<QuarantineNews> {
    const news = new QuarantineNews();
    const hear = ({ channel }: pg.Notification) => {
      if (channel === QUARANTINE_CHANNEL) news.#tell();
    };
    const end = () => {
      db.off('notification', hear);
      news.#tell();
    };
    db.on('notification', hear);
    signal.addEventListener('abort', end, { once: true });
    await db.query(`LISTEN ${QUARANTINE_CHANNEL}`);
    return news;
  }

  /** Resolves at once when something was told since the last time, else when it is, or after the time. */
  async heard(timeoutMs: number): Promise<void> {
    if (!this.#told && timeoutMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
    this.#told = false;
  }

  #tell(): void {
    this.#told = true;
    this.#wake?.();
  }
}
