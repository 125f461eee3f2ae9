import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { startApp, type AppProcess } from './app-process.js';
import { ProjectionBench } from './projections.js';

type ReadApp = 'projector' | 'query-api';
type Environments = Readonly<Record<ReadApp, Readonly<Record<string, string>>>>;

/** Apps of several releases on the same stores, each as a process. */
export class ReleaseProcesses {
  readonly bench: ProjectionBench;
  /** A token of staff that may read orders. */
  readonly token: string;
  readonly #environments: Environments;
  readonly #folder: string;
  readonly #running = new Set<AppProcess>();

  private constructor(bench: ProjectionBench, token: string, environments: Environments, folder: string) {
    this.bench = bench;
    this.token = token;
    this.#environments = environments;
    this.#folder = folder;
  }

  /** @param more settings of each app in addition to the addresses of its stores */
  static async open(more: Partial<Environments> = {}): Promise<ReleaseProcesses> {
    const folder = await mkdtemp(join(tmpdir(), 'orderlog-releases-'));
    const [issuer, bench] = await Promise.all([openEmbeddedIssuer(folder), ProjectionBench.open()]);
    const token = await issuer.issueToken({
      tenant: 'default',
      scopes: ['orders:read'],
      lifetimeSeconds: 3_600,
    });
    const stores = {
      ORDERLOG_POSTGRES_URL: bench.postgresUrl,
      ORDERLOG_EVENT_STORE_URL: bench.eventStoreUrl,
    };
    const tokens = {
      ORDERLOG_JWKS_URL: issuer.jwksUrl,
      ORDERLOG_JWT_ISSUER: issuer.issuer,
      ORDERLOG_JWT_AUDIENCE: issuer.audience,
    };
    const environments = {
      projector: { ...stores, ...more.projector },
      'query-api': { ...stores, ...tokens, ...more['query-api'] },
    };
    return new ReleaseProcesses(bench, token, environments, folder);
  }

  /** @param root folder in which the release is built */
  async start(root: string, name: ReadApp): Promise<AppProcess> {
    const app = await startApp(root, name, this.#environments[name]);
    this.#running.add(app);
    return app;
  }

  /** Lets an app drain. @returns its exit code */
  stop(app: AppProcess): Promise<number | null> {
    this.#running.delete(app);
    return app.stop();
  }

  /** Also ends processes that are still running, as after a failure. */
  async close(): Promise<void> {
    await Promise.all([...this.#running].map((app) => app.stop()));
    await this.bench.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
