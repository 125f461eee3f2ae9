import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openEmbeddedIssuer, type EmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { freePort } from '#platform/free-port.js';
import { AppProcess, type AppOptions } from './app-process.js';
import { openLink, type Link } from './links.js';
import { Operator } from './operator.js';
import { Payments } from './payments.js';
import { RestartablePostgres } from './restartable-postgres.js';

export interface Engine {
  /** As `startOwnEngine` returns it. */
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

export interface SystemOptions {
  readonly folder: string;
  /** The apps run from the `dist` of this folder. */
  readonly tree: string;
  /** null: orders are searched in PostgreSQL. */
  readonly elasticsearch: Engine | null;
  /** null: nothing is relayed. */
  readonly kafka: Engine | null;
  /** Number of instances of each app that may run more than once. */
  readonly instances: 1 | 2;
  /** The tenant whose money moves at a payment provider, and the seed of what the provider does. */
  readonly payments: { readonly tenantId: string; readonly seed: string; readonly pace: number };
  /** A name that no other run uses, for the index and the topic. */
  readonly runName: string;
  readonly onDeath: (name: string, how: string) => void;
  /** Called when a request to command-api was repeated without its client's knowledge. */
  readonly onRepeat: (request: string) => void;
  /** Called as soon as there is a system to end. */
  readonly onSystem: ((system: ChaosSystem) => void) | undefined;
}

type ElasticsearchSetting = 'ORDERLOG_ELASTICSEARCH_URL' | 'ORDERLOG_ELASTICSEARCH_INDEX_PREFIX';

/** A low number, because the orders of a round have only some dozens of events. */
const SNAPSHOT_EVERY_EVENTS = 5;
const STORE_DATABASE = 'events';
const READ_DATABASE = 'reads';

/** The whole system as child processes, with a disturbed network between all of them. */
export class ChaosSystem {
  readonly links: Link[] = [];
  readonly apps = new Map<string, AppProcess>();
  readonly commandUrls: string[] = [];
  readonly queryUrls: string[] = [];
  eventStoreUrl = '';
  operator: Operator | null = null;
  readonly payments: Payments;
  readonly options: SystemOptions;
  readonly issuer: EmbeddedIssuer;
  readonly postgres: RestartablePostgres;

  private constructor(options: SystemOptions, issuer: EmbeddedIssuer, postgres: RestartablePostgres) {
    this.options = options;
    this.issuer = issuer;
    this.postgres = postgres;
    this.payments = new Payments({ ...options.payments, folder: join(options.folder, 'logs') });
  }

  /** Resolves when every app is ready. */
  static async start(options: SystemOptions): Promise<ChaosSystem> {
    await mkdir(join(options.folder, 'logs'), { recursive: true });
    const issuer = await openEmbeddedIssuer(join(options.folder, 'keys'));
    const postgres = await RestartablePostgres.start(join(options.folder, 'postgres'));
    const system = new ChaosSystem(options, issuer, postgres);
    options.onSystem?.(system);
    try {
      await postgres.createDatabase(STORE_DATABASE);
      await postgres.createDatabase(READ_DATABASE);
      await system.#startApps();
    } catch (error) {
      system.abandon();
      throw error;
    }
    return system;
  }

  /** The command-apis, reached directly. */
  get commandApis(): readonly AppProcess[] {
    return this.#names('command-api').map((name) => this.apps.get(name)!);
  }

  /** Database of the read models, reached directly. */
  get readUrl(): string {
    return this.postgres.url(READ_DATABASE);
  }

  get topic(): string {
    return `${this.options.runName}.events`;
  }

  /** Ends everything, and waits for it. */
  async close(): Promise<void> {
    await Promise.all([...this.apps.values()].map((app) => app.kill()));
    await this.postgres.down('crash');
    await Promise.all(this.links.map(({ proxy }) => proxy.close()));
  }

  /** Ends everything at once, where nothing can be waited for. */
  abandon(): void {
    this.operator?.abandon();
    for (const app of this.apps.values()) app.abandon();
    this.postgres.abandon();
  }

  async #startApps(): Promise<void> {
    const { jwksUrl, issuer, audience } = this.issuer;
    const auth = {
      ORDERLOG_JWKS_URL: jwksUrl,
      ORDERLOG_JWT_ISSUER: issuer,
      ORDERLOG_JWT_AUDIENCE: audience,
    };
    const storePort = await freePort();
    this.eventStoreUrl = storeUrl(storePort);
    await this.#startApp('event-store', 'event-store', storePort, {
      ORDERLOG_POSTGRES_URL: await this.#postgresFor('event-store', STORE_DATABASE),
    });
    for (const name of this.#names('projector')) {
      await this.#startApp(name, 'projector', await freePort(), {
        ORDERLOG_POSTGRES_URL: await this.#postgresFor(name, READ_DATABASE),
        ORDERLOG_EVENT_STORE_URL: await this.#storeFor(name, storePort),
        ...(await this.#elasticsearchFor(name)),
        ...this.#kafkaSettings(),
      });
    }
    for (const name of this.#names('query-api')) {
      const port = await freePort();
      const { ORDERLOG_ELASTICSEARCH_URL: elasticsearch } = await this.#elasticsearchFor(name);
      await this.#startApp(name, 'query-api', port, {
        ORDERLOG_POSTGRES_URL: await this.#postgresFor(name, READ_DATABASE),
        ORDERLOG_EVENT_STORE_URL: await this.#storeFor(name, storePort),
        ...(elasticsearch === undefined ? {} : { ORDERLOG_ELASTICSEARCH_URL: elasticsearch }),
        ...auth,
      });
      this.queryUrls.push(await this.#link(`clients>${name}`, port, null));
    }
    for (const [index, name] of this.#names('command-api').entries()) {
      const port = await freePort();
      await this.#startApp(name, 'command-api', port, {
        ORDERLOG_EVENT_STORE_URL: await this.#storeFor(name, storePort),
        ORDERLOG_QUERY_BASE_URL: this.queryUrls[0]!,
        ORDERLOG_SNAPSHOT_EVERY_EVENTS: String(SNAPSHOT_EVERY_EVENTS),
        ORDERLOG_SNAPSHOT_CHECK_ONE_IN: '1',
        // One command-api decides on cached state, part of it kept as text; the other loads every order anew.
        ORDERLOG_STATE_CACHE_MB: index === 0 ? '1' : '0',
        ...auth,
      });
      this.commandUrls.push(await this.#link(`clients>${name}`, port, this.options.onRepeat));
    }
    await this.payments.start({
      ...{ names: this.#names('payment-worker'), issuer: this.issuer },
      ...{ commandUrls: this.commandUrls, queryUrls: this.queryUrls },
      link: (name, port, repeats) => this.#link(name, port, repeats ? () => {} : null),
      start: (name, of) => this.#start(name, of),
    });
    await this.#engageOperator(storePort);
    await Promise.all([...this.apps.values()].map((app) => app.ready()));
  }

  async #engageOperator(storePort: number): Promise<void> {
    const { tree, folder } = this.options;
    const { ORDERLOG_ELASTICSEARCH_URL: elasticsearchUrl = null } = await this.#elasticsearchFor('operator');
    this.operator = new Operator({
      ...{ tree, folder: join(folder, 'logs'), elasticsearchUrl },
      postgresUrl: await this.#postgresFor('operator', READ_DATABASE),
      eventStoreUrl: await this.#storeFor('operator', storePort),
    });
  }

  #names(app: string): readonly string[] {
    return ['a', 'b'].slice(0, this.options.instances).map((letter) => `${app}-${letter}`);
  }

  async #startApp(name: string, app: string, port: number, environment: Record<string, string>) {
    await this.#start(name, { main: `apps/${app}/src/main.js`, port, environment });
  }

  async #start(name: string, of: Pick<AppOptions, 'main' | 'args' | 'port' | 'environment'>): Promise<void> {
    const { tree, folder, onDeath } = this.options;
    const process = new AppProcess({ name, tree, onDeath, folder: join(folder, 'logs'), ...of });
    this.apps.set(name, process);
    process.start();
    if (name === 'event-store') await process.ready(); // the other apps need not wait for each other
  }

  async #link(name: string, port: number, onRepeat: ((request: string) => void) | null): Promise<string> {
    const link = await openLink(name, port, onRepeat);
    this.links.push(link);
    return `http://127.0.0.1:${link.proxy.port}`;
  }

  async #postgresFor(name: string, database: string): Promise<string> {
    const url = new URL(this.postgres.url(database));
    url.port = new URL(await this.#link(`${name}>postgres`, this.postgres.port, null)).port;
    return url.href;
  }

  async #storeFor(name: string, storePort: number): Promise<string> {
    return storeUrl(Number(new URL(await this.#link(`${name}>event-store`, storePort, null)).port));
  }

  async #elasticsearchFor(name: string): Promise<Partial<Record<ElasticsearchSetting, string>>> {
    const { elasticsearch, runName } = this.options;
    if (elasticsearch === null) return {};
    const port = Number(new URL(elasticsearch.url).port);
    return {
      ORDERLOG_ELASTICSEARCH_URL: await this.#link(`${name}>elasticsearch`, port, () => {}),
      ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: runName,
    };
  }

  #kafkaSettings(): Record<string, string> {
    const { kafka } = this.options;
    if (kafka === null) return {};
    return {
      ORDERLOG_KAFKA_BROKERS: kafka.url,
      ORDERLOG_KAFKA_TOPIC: this.topic,
      ORDERLOG_KAFKA_PARTITIONS: '3',
    };
  }
}

function storeUrl(port: number): string {
  return `esdb://127.0.0.1:${port}?tls=false`;
}
