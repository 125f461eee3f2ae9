import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { overridden } from '#platform/config.js';
import { CliError } from '../support/cli-error.js';
import { cloneRoot } from '../support/clone-root.js';
import type { AppLog } from './app-log.js';
import { Backoff } from './backoff.js';

export interface AppDefinition {
  readonly name: 'event-store' | 'projector' | 'command-api' | 'query-api';
  readonly environment: Readonly<Record<string, string>>;
  /** Node's own flags, e.g. the size of its heap. */
  readonly nodeFlags: readonly string[];
}

export interface AppEvents {
  /** A line for the person at the terminal. */
  readonly tell: (line: string) => void;
  /** The app will not be started again. */
  readonly gaveUp: (reason: CliError) => void;
}

const STOP_LIMIT_MS = 12_000; // an app ends by itself after 10 s of draining
const STEADY_MS = 30_000;

/**
 * One app as a child process, started again with growing pauses when it dies. It has a process group of its own:
 * Ctrl-C in a terminal reaches only orderctl, which then stops the apps in order.
 */
export class SupervisedApp {
  readonly #definition: AppDefinition;
  readonly #log: AppLog;
  readonly #events: AppEvents;
  readonly #backoff = new Backoff({ firstMs: 250, maxMs: 10_000, attempts: 5 });
  #child: ChildProcess | null = null;
  #stopping = false;
  #restart: NodeJS.Timeout | null = null;

  constructor(definition: AppDefinition, log: AppLog, events: AppEvents) {
    this.#definition = definition;
    this.#log = log;
    this.#events = events;
  }

  get name(): string {
    return this.#definition.name;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /**
   * Resolves with the app's port once the app is ready, even if that takes several attempts. Rejects when the
   * attempts are used up.
   */
  start(): Promise<number | null> {
    return new Promise((ready, failed) => this.#launch(ready, failed));
  }

  /** Lets the app finish its work; kills it if that takes too long. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#restart) clearTimeout(this.#restart);
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.#events.tell(`${this.name} did not end in time: it is killed`);
      child.kill('SIGKILL');
    }, STOP_LIMIT_MS);
    await ended;
    clearTimeout(timer);
  }

  /** Kills the app at once. */
  kill(): void {
    this.#stopping = true;
    if (this.#restart) clearTimeout(this.#restart);
    this.#child?.kill('SIGKILL');
  }

  #launch(ready: (port: number | null) => void, failed: (error: CliError) => void): void {
    let child: ChildProcess;
    try {
      child = this.#fork();
    } catch (error) {
      return this.#afterDeath((error as Error).message, ready, failed);
    }
    child.on('error', (error) => {
      // For a running app, 'error' means only that a message or a signal did not reach it; 'exit' reports its end.
      if (child.pid === undefined) this.#afterDeath(error.message, ready, failed);
    });
    if (child.pid === undefined) return;
    this.#child = child;
    let readySince = 0;
    child.on('message', (message: { type?: unknown; port?: unknown }) => {
      if (message.type !== 'ready') return;
      readySince = Date.now();
      ready(typeof message.port === 'number' ? message.port : null);
    });
    child.once('exit', (code, signal) => {
      this.#child = null;
      if (readySince > 0 && Date.now() - readySince > STEADY_MS) this.#backoff.reset();
      this.#afterDeath(`${signal ?? `exit code ${String(code)}`}${this.#lastWords()}`, ready, failed);
    });
  }

  #fork(): ChildProcess {
    return fork(join(cloneRoot, 'dist', 'apps', this.name, 'src', 'main.js'), [], {
      detached: true,
      env: overridden(process.env, this.#definition.environment),
      execArgv: [...this.#definition.nodeFlags],
      stdio: ['ignore', this.#log.fd, this.#log.fd, 'ipc'],
    });
  }

  /** Called when the process died, or could not be made because memory or process ids ran out. */
  #afterDeath(how: string, ready: (port: number | null) => void, failed: (error: CliError) => void): void {
    if (this.#stopping) return;
    const pauseMs = this.#backoff.next();
    if (pauseMs === null) {
      const reason = new CliError(`${this.name} keeps ending (${how}): see ${this.#log.path}`);
      failed(reason);
      this.#events.gaveUp(reason);
      return;
    }
    this.#events.tell(`${this.name} ended (${how}): starting it again`);
    this.#restart = setTimeout(() => this.#launch(ready, failed), pauseMs);
  }

  #lastWords(): string {
    const said = this.#log.readOn().filter(({ level }) => ['none', 'fatal', 'error'].includes(level));
    // Node prints its version last; the error stands further up.
    const telling = said.findLast(
      ({ level, message }) => level !== 'none' || /^[\w-]*(Error|: )/.test(message),
    );
    const last = telling ?? said.at(-1);
    return last === undefined ? '' : `: ${last.message.slice(0, 300)}`;
  }
}
