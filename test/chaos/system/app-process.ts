import { fork, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import { repositoryRoot } from '../../support/seeded-tree.js';
import { until } from '../../support/until.js';

export interface AppOptions {
  /** Its name in the run: `projector-a`. */
  readonly name: string;
  /** The app runs from the `dist` of this folder. */
  readonly tree: string;
  /** Path in `dist`. */
  readonly main: string;
  readonly args?: readonly string[];
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  /** For the app's log and clock file. */
  readonly folder: string;
  /**
   * Called when the app ended although it had been ready and nobody asked for it. At its start an app may end because a
   * store is away.
   */
  readonly onDeath: (name: string, how: string) => void;
}

const START_AGAIN_MS = 300;
const READY_LIMIT_MS = 60_000;
const CLOCK = pathToFileURL(join(repositoryRoot, 'test/chaos/system/shifted-clock.mjs')).href;

/** An app as a child process with an adjustable clock. It is started again whenever it ends by itself. */
export class AppProcess {
  readonly name: string;
  readonly #options: AppOptions;
  #child: ChildProcess | null = null;
  #wanted = false;
  #ready = false;
  #paused = false;
  #exited: Promise<void> = Promise.resolve();

  constructor(options: AppOptions) {
    this.#options = options;
    this.name = options.name;
    this.setClock(0);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#options.port}`;
  }

  start(): void {
    this.#wanted = true;
    if (this.#child === null) this.#fork();
  }

  async ready(): Promise<void> {
    await until(`${this.name} is ready`, () => this.#ready, READY_LIMIT_MS);
  }

  /** SIGKILL; the app stays away until `start`. */
  async kill(): Promise<void> {
    this.#wanted = false;
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  /** SIGTERM, then SIGKILL when it does not end in time; the app stays away until `start`. */
  async stop(limitMs = 15_000): Promise<void> {
    this.#wanted = false;
    this.resume();
    this.#child?.kill('SIGTERM');
    await Promise.race([this.#exited, setTimeout(limitMs, undefined, { ref: false })]);
    await this.kill();
  }

  pause(): void {
    this.#paused = true;
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#child?.kill('SIGCONT');
  }

  /** Sets the offset of its wall clock. */
  setClock(offsetMs: number): void {
    writeFileSync(this.#clockFile, String(offsetMs));
  }

  /** Kills the app without waiting, for a run that is cut off. */
  abandon(): void {
    this.#wanted = false;
    this.#child?.kill('SIGKILL');
  }

  get #clockFile(): string {
    return join(this.#options.folder, `${this.name}.clock`);
  }

  #fork(): void {
    const { main, args = [], tree, port, environment, folder, onDeath } = this.#options;
    const log = openSync(join(folder, `${this.name}.log`), 'a');
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('ORDERLOG_'));
    const child = fork(join(tree, 'dist', main), args, {
      cwd: tree,
      execArgv: [],
      stdio: ['ignore', log, log, 'ipc'],
      env: {
        ...Object.fromEntries(own),
        NODE_OPTIONS: `--import ${CLOCK}`,
        ORDERLOG_TEST_CLOCK_FILE: this.#clockFile,
        ORDERLOG_PORT: String(port),
        ORDERLOG_HOST: '127.0.0.1',
        ...environment,
      },
    });
    closeSync(log);
    this.#child = child;
    this.#ready = false;
    child.once('message', () => (this.#ready = true));
    this.#exited = new Promise((exited) => {
      child.once('exit', (code, signal) => {
        const wasReady = this.#ready;
        this.#child = null;
        this.#ready = false;
        this.#paused = false;
        exited();
        if (!this.#wanted) return;
        if (wasReady) onDeath(this.name, signal ?? `exit code ${code}`);
        void setTimeout(START_AGAIN_MS).then(() => {
          if (this.#wanted && this.#child === null) this.#fork();
        });
      });
    });
  }
}
