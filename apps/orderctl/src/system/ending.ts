import type { CliError } from '../support/cli-error.js';

const PARENT_CHECK_MS = 500;

/** Resolves on the first Ctrl-C or SIGTERM, fails when a part of the system is beyond help; a second Ctrl-C forces. */
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
    this.asked.catch(() => {}); // whoever waits for it hears of it
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => this.#signalled(signal));
    }
    if (process.env['npm_lifecycle_event'] !== undefined) this.#endWithParent();
  }

  fail(reason: CliError): void {
    this.#fail(reason);
  }

  /** Waits for the work, but no longer than until the end is asked for. */
  async orDone(work: Promise<void>): Promise<void> {
    await Promise.race([work, this.asked]);
    work.catch(() => {}); // cut off by the end of the system
  }

  /** Under `npm start` there is a shell between npm and us, which dies of a SIGTERM without passing it on. */
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
    // A terminal that is closed sends more than one, by itself and by its shell: nobody is impatient.
    if (signal === 'SIGHUP' || ++this.#signals < 2) return;
    this.onForce();
    process.exit(1);
  }
}
