import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

export interface OperatorOptions {
  /** `orderctl` runs from the `dist` of this folder. */
  readonly tree: string;
  readonly folder: string;
  readonly postgresUrl: string;
  readonly eventStoreUrl: string;
  /** null: orders are searched in PostgreSQL. */
  readonly elasticsearchUrl: string | null;
}

interface ParkedList {
  readonly orders: readonly { readonly orderId: string; readonly revision: number }[];
}

/** A person with `orderctl` during a round, who replays the read models, rolls back and has events skipped. */
export class Operator {
  readonly #options: OperatorOptions;
  #replaying: ChildProcess | null = null;

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  /**
   * Replays the read models, or their index alone. Kills the replay (SIGKILL) when it takes longer than the limit.
   */
  async replay(limitMs: number, { searchOnly = false } = {}): Promise<void> {
    const { child, ended } = this.#run(['replay', ...(searchOnly ? ['--search-only'] : [])]);
    this.#replaying = child;
    await Promise.race([ended, setTimeout(limitMs)]);
    child.kill('SIGKILL');
    await ended;
    this.#replaying = null;
  }

  /** May fail: there may be no previous generation, or a store may be away. */
  async rollback(): Promise<void> {
    await this.#run(['generations', 'rollback']).ended;
  }

  /** Skips the event at which an order is parked, so that its rows go on. May fail, as `rollback` may. */
  async skip(which: number): Promise<void> {
    const printed = await this.#run(['quarantine', 'list', '--projection', 'orders', '--json']).ended;
    if (printed === '') return; // a store is away
    const { orders } = JSON.parse(printed) as ParkedList;
    const stuck = orders[which % orders.length];
    if (stuck === undefined) return;
    const { orderId, revision } = stuck;
    await this.#run(['quarantine', 'skip', orderId, String(revision), '--reason', 'appended too early'])
      .ended;
  }

  /** Resumes a replay that was cut off, and waits for its end. */
  async finish(): Promise<void> {
    await this.#run(['replay', 'resume']).ended;
  }

  abandon(): void {
    this.#replaying?.kill('SIGKILL');
  }

  /** Runs `orderctl`. @returns the process, and `ended` with its standard output */
  #run(words: readonly string[]): { child: ChildProcess; ended: Promise<string> } {
    const { tree, folder, postgresUrl, eventStoreUrl, elasticsearchUrl } = this.#options;
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('ORDERLOG_'));
    const child = spawn(process.execPath, [join(tree, 'dist/apps/orderctl/src/main.js'), ...words], {
      cwd: tree,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...Object.fromEntries(own),
        ORDERLOG_DATA: join(folder, 'operator'),
        ORDERLOG_POSTGRES_URL: postgresUrl,
        ORDERLOG_EVENT_STORE_URL: eventStoreUrl,
        ...(elasticsearchUrl === null ? {} : { ORDERLOG_ELASTICSEARCH_URL: elasticsearchUrl }),
      },
    });
    const log = join(folder, 'operator.log');
    const note = (text: string | Buffer) => appendFileSync(log, text);
    note(`$ orderctl ${words.join(' ')}\n`);
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      note(text);
      printed += text;
    });
    child.stderr.on('data', note);
    const ended = new Promise<string>((done) => {
      child.once('close', (code, signal) => {
        note(`=> ${signal ?? code}\n`);
        done(printed);
      });
    });
    return { child, ended };
  }
}
