import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A module of the bench in a process of its own. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  /** @param module beside this one, as `name.js` */
  constructor(module: string, args: readonly string[] = []) {
    this.#process = fork(fileURLToPath(new URL(module, import.meta.url)), args);
    this.#ended = once(this.#process, 'exit');
    this.#ended.catch(() => {}); // told where it is awaited
  }

  send(message: object): void {
    this.#process.send(message);
  }

  /** What it tells next. @throws when it ends instead */
  async told<T>(): Promise<T> {
    const ended = this.#ended.then((code) =>
      Promise.reject(new Error(`${this.#module} ended with ${String(code)}`)),
    );
    const [message] = (await Promise.race([once(this.#process, 'message'), ended])) as [T];
    return message;
  }

  get #module(): string {
    return this.#process.spawnargs[1]!;
  }

  async ended(): Promise<void> {
    await this.#ended;
  }
}
