import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { replaceFile } from '#platform/draft-file.js';
import type { KafkaConfig } from '#platform/kafka-settings.js';
import { isStillAlive } from '#platform/process-identity.js';
import type { ElasticsearchConfig } from '#platform/search-settings.js';
import { CliError } from '../support/cli-error.js';
import { cloneRoot } from '../support/clone-root.js';

/** Addresses of the running embedded system, kept in `system.json` in the data folder. */
export interface SystemAddresses {
  readonly commandUrl: string;
  readonly queryUrl: string;
  readonly eventStoreUrl: string;
  /** The database of the read models. */
  readonly postgresUrl: string;
  /** null: orders are searched in PostgreSQL. */
  readonly elasticsearch: ElasticsearchConfig | null;
  /** null: nothing is relayed. */
  readonly kafka: KafkaConfig | null;
  /** Process id of the `orderctl up` that runs the system. */
  readonly pid: number;
  /** When that process began: its id may be another's by now. null: the platform does not tell. */
  readonly processStart: string | null;
  readonly startedAt: string;
}

const RUN_ANEW = 'end `orderctl up` on this folder if it runs, and start it again';
const DEFAULT_PATH = join(cloneRoot, '.orderlog');

/** The folder with everything that the embedded system keeps; by default `.orderlog` in the clone. */
export class DataFolder {
  readonly path: string;

  constructor(path: string = DEFAULT_PATH) {
    this.path = resolve(path);
  }

  get isDefault(): boolean {
    return this.path === DEFAULT_PATH;
  }

  get lock(): string {
    return join(this.path, 'up.lock');
  }

  get keys(): string {
    return join(this.path, 'keys');
  }

  get demo(): string {
    return join(this.path, 'demo.json');
  }

  log(process: string): string {
    return join(this.path, 'logs', `${process}.log`);
  }

  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true });
    await mkdir(join(this.path, 'logs'), { recursive: true, mode: 0o700 });
  }

  async writeAddresses(addresses: SystemAddresses): Promise<void> {
    await writeJson(this.#system, addresses);
  }

  async removeAddresses(): Promise<void> {
    await rm(this.#system, { force: true });
  }

  /** null when nothing runs on this folder. @throws CliError when the file is damaged */
  async readAddresses(): Promise<SystemAddresses | null> {
    const addresses = (await readJson(this.#system, RUN_ANEW)) as SystemAddresses | null;
    // A kill -9 leaves the file behind.
    return addresses !== null && isStillAlive(addresses.pid, addresses.processStart) ? addresses : null;
  }

  get #system(): string {
    return join(this.path, 'system.json');
  }
}

/**
 * null when there is no such file.
 *
 * @param remedy what a person can do where it is damaged
 * @throws CliError when it is no JSON
 */
export async function readJson(path: string, remedy: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if (error instanceof SyntaxError) throw new CliError(`${path} is damaged: ${remedy}`, { cause: error });
    throw error;
  }
}

/** Writes a file completely or not at all, and readable for its owner only: it may hold a password. */
export async function writeJson(path: string, content: unknown): Promise<void> {
  await replaceFile(path, `${JSON.stringify(content, null, 2)}\n`, 0o600);
}
