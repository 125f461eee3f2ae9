import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ChildOptions {
  readonly args?: readonly string[];
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** By default those of this process. */
  readonly nodeFlags?: readonly string[];
}

/** A module in a process of its own. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  /** @param module its path relative to this file, as `name.js` */
  constructor(
    module: string,
    { args = [], environment = {}, nodeFlags = process.execArgv }: ChildOptions = {},
  ) {
    this.#process = fork(fileURLToPath(new URL(module, import.meta.url)), args, {
      env: { ...process.env, ...environment },
      execArgv: [...nodeFlags],
    });
    this.#ended = once(this.#process, 'exit');
    this.#ended.catch(() => {}); // the exit code is reported where the end is awaited
  }

  send(message: object): void {
    this.#process.send(message);
  }

  /** The next message of the process. @throws when the process ends instead */
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

  /** Asks the process to end, and waits until it has. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.#ended;
  }

  async ended(): Promise<void> {
    await this.#ended;
  }
}
