import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { encodeOrderPosition } from '#platform/order-position.js';
import { storeIdentity, storeMarkOf } from '#event-store/store-identity.js';
import type { WrittenOrder } from './order-streams.js';
import { ProjectionBench } from './projections.js';
import { startProjectorProcess } from './projector-process.js';
import { startQueryApiProcess, type QueryApiProcess } from './query-api-process.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** Two processes of query-api and one projector process, on stores of their own. */
export class QueryProcesses {
  readonly bench: ProjectionBench;
  readonly apis: readonly QueryApiProcess[];
  projector: ChildProcess;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #token: string;
  readonly #keys: string;

  private constructor(
    made: Pick<QueryProcesses, 'bench' | 'apis' | 'projector'> & {
      environment: Readonly<Record<string, string>>;
      token: string;
      keys: string;
    },
  ) {
    ({ bench: this.bench, apis: this.apis, projector: this.projector } = made);
    this.#environment = made.environment;
    this.#token = made.token;
    this.#keys = made.keys;
  }

  static async start(
    environment: Readonly<Record<string, string>> = {},
    indexing: Readonly<Record<string, string>> = {},
  ): Promise<QueryProcesses> {
    const keys = await mkdtemp(join(tmpdir(), 'orderlog-keys-'));
    const issuer = await openEmbeddedIssuer(keys);
    const bench = await ProjectionBench.open();
    const ofProjector = { ORDERLOG_LOG_LEVEL: 'fatal', ...environment, ...indexing };
    const projector = await startProjectorProcess(bench, ofProjector);
    const apis = await Promise.all([1, 2].map(() => startQueryApiProcess(bench, issuer, environment)));
    const token = await issuer.issueToken({
      tenant: 'default',
      scopes: ['orders:read'],
      lifetimeSeconds: 900,
    });
    return new QueryProcesses({ bench, apis, projector, environment: ofProjector, token, keys });
  }

  async restartProjector(): Promise<void> {
    this.projector = await startProjectorProcess(this.bench, this.#environment);
  }

  async killProjector(): Promise<void> {
    const gone = new Promise((resolve) => this.projector.once('exit', resolve));
    this.projector.kill('SIGKILL');
    await gone;
  }

  /** A token such as command-api answers a change with. */
  async positionOf(order: WrittenOrder, position: bigint): Promise<string> {
    const store = storeMarkOf(await storeIdentity(this.bench.eventStore));
    const { orderId } = order;
    return encodeOrderPosition({ position, store, orderId, revision: order.order.revision });
  }

  async ask(api: QueryApiProcess, path: string, consistentWith?: string, body?: object): Promise<Answer> {
    const response = await fetch(api.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${this.#token}`,
        'content-type': 'application/json',
        ...(consistentWith === undefined ? {} : { 'consistent-with': consistentWith }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  }

  /** Asks every query-api the same at once. */
  everywhere(path: string, consistentWith?: string, body?: object): Promise<Answer[]> {
    return Promise.all(this.apis.map((api) => this.ask(api, path, consistentWith, body)));
  }

  async close(): Promise<void> {
    this.projector.kill('SIGCONT');
    await this.killProjector();
    await Promise.all(this.apis.map((api) => api.stop()));
    await this.bench.close();
    await rm(this.#keys, { recursive: true, force: true });
  }
}
