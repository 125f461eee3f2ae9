import { openEmbeddedIssuer, type EmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { processStart } from '#platform/process-identity.js';
import { CliError } from '../support/cli-error.js';
import { takeLock, type ProcessLock } from '../support/process-lock.js';
import { appDefinitions, eventStoreUrl, localUrl } from './app-definitions.js';
import { AppLog } from './app-log.js';
import type { DataFolder, SystemAddresses } from './data-folder.js';
import { ensureEnginesAnswer, type ChosenEngines } from './engines.js';
import { ensurePortsFree } from './ports.js';
import { BuildWatch } from './build-watch.js';
import { SupervisedApp, type AppDefinition, type AppEvents } from './supervised-app.js';
import { SupervisedPostgres } from './supervised-postgres.js';

export interface SystemOptions {
  readonly folder: DataFolder;
  readonly commandPort: number;
  readonly queryPort: number;
  readonly eventStorePort: number;
  readonly engines: ChosenEngines;
  readonly events: AppEvents;
}

const DRAIN_LIMIT_MS = 12_000;
const READY_LIMIT_MS = 60_000;
/** For this long, every moment counts: an app is usually ready by then. Afterwards it builds read models. */
const SOON_MS = 10_000;
const WATCH_LOGS_EVERY_MS = 1_000;

/**
 * The whole system in one data folder, as child processes of this one: the apps, and the engines not given
 * elsewhere.
 */
export class EmbeddedSystem {
  readonly #options: SystemOptions;
  readonly #lock: ProcessLock;
  readonly issuer: EmbeddedIssuer;
  readonly addresses: Omit<SystemAddresses, 'postgresUrl'>;
  readonly #postgres: SupervisedPostgres;
  readonly #running: { app: SupervisedApp; log: AppLog }[] = [];
  #watching: NodeJS.Timeout | null = null;
  #stopping = false;
  readonly #ending = new AbortController();

  private constructor(options: SystemOptions, lock: ProcessLock, issuer: EmbeddedIssuer) {
    this.#options = options;
    this.#lock = lock;
    this.issuer = issuer;
    this.#postgres = new SupervisedPostgres(options.folder.path, options.events);
    this.addresses = {
      commandUrl: localUrl('http', options.commandPort),
      queryUrl: localUrl('http', options.queryPort),
      eventStoreUrl: options.engines.eventStoreUrl ?? eventStoreUrl(options.eventStorePort),
      elasticsearch: options.engines.elasticsearch,
      kafka: options.engines.kafka,
      pid: process.pid,
      processStart: processStart(process.pid),
      startedAt: new Date().toISOString(),
    };
  }

  /**
   * Takes the data folder for this process; starts nothing yet.
   *
   * @throws CliError when the folder is in use or a port is taken.
   */
  static async open(options: SystemOptions): Promise<EmbeddedSystem> {
    await options.folder.create();
    const lock = await takeLock(
      options.folder.lock,
      (pid) => `already running on this data folder (process ${pid}): stop it, or give another --data`,
    );
    try {
      await ensurePortsFree(
        [
          { port: options.commandPort, app: 'command-api', option: '--command-port' },
          { port: options.queryPort, app: 'query-api', option: '--query-port' },
          ...(options.engines.eventStoreUrl === null
            ? [{ port: options.eventStorePort, app: 'event-store', option: '--event-store-port' }]
            : []),
        ],
        lock.wasStale ? DRAIN_LIMIT_MS : 0,
      );
      return new EmbeddedSystem(options, lock, await openEmbeddedIssuer(options.folder.keys));
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Resolves when both APIs answer that they are ready. */
  async start(): Promise<void> {
    const { commandPort, queryPort, eventStorePort, folder, engines, events } = this.#options;
    const { signal } = this.#ending;
    await ensureEnginesAnswer(engines, events.tell);
    signal.throwIfAborted(); // anything started after a stop would never be ended
    const { eventsUrl, readUrl } = await this.#databases();
    signal.throwIfAborted();
    const { eventStoreUrl: storeUrl } = this.addresses;
    const places = { commandPort, queryPort, eventStorePort, eventStoreUrl: storeUrl, eventsUrl, readUrl };
    const apps = appDefinitions({ ...places, engines, issuer: this.issuer });
    this.#watching = setInterval(() => this.#repeatErrors(), WATCH_LOGS_EVERY_MS);
    if (engines.eventStoreUrl === null) await this.#launch(apps.eventStore);
    const build = new BuildWatch(readUrl, storeUrl, events.tell);
    try {
      await build.announce();
      await Promise.all([apps.projector, apps.commandApi, apps.queryApi].map((app) => this.#launch(app)));
      signal.throwIfAborted();
      // Read models may take long to be built, or wait for a person: meanwhile, orderctl finds the system.
      await folder.writeAddresses({ ...this.addresses, postgresUrl: readUrl });
      const { commandUrl, queryUrl } = this.addresses;
      await Promise.all([
        untilReady('command-api', commandUrl, signal),
        untilReady('query-api', queryUrl, signal, () => build.moved()),
      ]);
    } finally {
      await build.close();
    }
  }

  /** The embedded databases are started unless a PostgreSQL is given. */
  async #databases(): Promise<{ eventsUrl: string; readUrl: string }> {
    const { postgresUrl } = this.#options.engines;
    if (postgresUrl !== null) return { eventsUrl: postgresUrl, readUrl: postgresUrl };
    return this.#postgres.start();
  }

  /**
   * Stops the apps that take requests first and the stores that they write to last. Accepted commands are on disk.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#ending.abort(new CliError('stopped while starting'));
    await this.#options.folder.removeAddresses();
    if (this.#watching) clearInterval(this.#watching);
    for (const names of [['command-api', 'query-api'], ['projector'], ['event-store']]) {
      await Promise.all(
        this.#running.filter(({ app }) => names.includes(app.name)).map(({ app }) => app.stop()),
      );
    }
    await this.#postgres.stop();
    for (const { log } of this.#running) log.close();
    await this.#lock.release();
  }

  /** Ends everything at once, without draining. Nothing that was acknowledged is lost. */
  kill(): void {
    this.#stopping = true;
    for (const { app } of this.#running) app.kill();
    this.#postgres.kill();
  }

  async #launch(definition: AppDefinition): Promise<void> {
    if (this.#stopping) throw new CliError('stopped while starting');
    const log = new AppLog(this.#options.folder.log(definition.name));
    const app = new SupervisedApp(definition, log, this.#options.events);
    this.#running.push({ app, log });
    await app.start();
  }

  #repeatErrors(): void {
    for (const { app, log } of this.#running) {
      const errors = log.readOn().filter(({ level }) => level === 'error' || level === 'fatal');
      const last = errors.at(-1);
      if (last === undefined) continue;
      const more = errors.length > 1 ? ` (and ${errors.length - 1} more in ${log.path})` : '';
      this.#options.events.tell(`${app.name}: ${last.message.slice(0, 300)}${more}`);
    }
  }
}

/**
 * An app listens before its stores answer, and is ready when they do. The wait is extended as long as `moves`
 * reports progress.
 */
async function untilReady(
  name: string,
  url: string,
  signal: AbortSignal,
  moves: () => Promise<boolean> = async () => false,
): Promise<void> {
  const startedAt = Date.now();
  let giveUpAt = startedAt + READY_LIMIT_MS;
  let last = 'no answer';
  while (Date.now() < giveUpAt) {
    signal.throwIfAborted();
    try {
      const response = await fetch(`${url}/health/ready`);
      last = `${response.status} ${await response.text()}`;
      if (response.ok) return;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (await moves()) giveUpAt = Date.now() + READY_LIMIT_MS;
    await new Promise((next) => setTimeout(next, Date.now() - startedAt < SOON_MS ? 50 : 1_000));
  }
  throw new CliError(`${name} does not become ready: ${last.slice(0, 300)}`);
}
