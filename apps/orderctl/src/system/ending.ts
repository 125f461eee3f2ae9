import type { CliError } from '../support/cli-error.js';

const PARENT_CHECK_MS = 500;

/**
 * `asked` resolves on the first Ctrl-C or SIGTERM and rejects when a part of the system cannot be restarted. A
 * second Ctrl-C forces the end.
 */
export class Ending {
  readonly asked: Promise<void>;
  onForce: () => void = () => {};
  #end: () => void = () => {};
  #fail: (reason: CliError) => void = () => {};
  #signals = 0;

  constructor() {
    this.asked = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    this.asked.catch(() => {}); // avoids an unhandled rejection; those who wait for `asked` get the error
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => this.#signalled(signal));
    }
    if (process.env['npm_lifecycle_event'] !== undefined) this.#endWithParent();
  }

  fail(reason: CliError): void {
    this.#fail(reason);
  }

  /** Waits for the work, or until an end is asked for. */
  async orDone(work: Promise<void>): Promise<void> {
    await Promise.race([work, this.asked]);
    work.catch(() => {}); // the work may fail when the system ends under it
  }

  /**
   * Under `npm start` a shell stands between npm and this process. A SIGTERM ends that shell without being passed
   * on.
   */
  #endWithParent(): void {
    const parent = process.ppid;
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      this.#end();
    }, PARENT_CHECK_MS);
    watch.unref();
  }

  #signalled(signal: NodeJS.Signals): void {
    this.#end();
    // A closed terminal sends SIGHUP more than once, by itself and by its shell: that is no request to force the
    // end.
    if (signal === 'SIGHUP' || ++this.#signals < 2) return;
    this.onForce();
    process.exit(1);
  }
}
