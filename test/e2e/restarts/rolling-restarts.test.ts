import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { freePort } from '#platform/free-port.js';
import { startApp, type AppProcess } from '../../support/app-process.js';
import { ProjectionBench } from '../../support/projections.js';
import { repositoryRoot } from '../../support/seeded-tree.js';
import { ShopLoad } from '../../support/shop-load.js';
import { until } from '../../support/until.js';

jest.setTimeout(240_000);

const NAMES = ['command-api', 'command-api', 'query-api', 'query-api', 'projector', 'projector'] as const;
/** For steps that are slow on a busy machine. */
const PATIENCE_MS = 120_000;
/** Number of answers between two restarts, so that no app is restarted while the system stands still. */
const ANSWERS_BETWEEN = 100;

type Environment = Readonly<Record<string, string>>;

interface Instance {
  readonly name: (typeof NAMES)[number];
  readonly environment: Environment;
  process: AppProcess;
}

/** Two processes of each app, each on its own port. A new process takes over the port of the one it replaces. */
class RollingRestarts {
  readonly load: ShopLoad;
  /** Exit codes of the apps that were told to end. */
  readonly exitCodes: (number | null)[] = [];
  readonly #bench: ProjectionBench;
  readonly #instances: readonly Instance[];
  readonly #keys: string;

  private constructor(bench: ProjectionBench, instances: readonly Instance[], token: string, keys: string) {
    this.#bench = bench;
    this.#instances = instances;
    this.#keys = keys;
    const urls = (name: string) =>
      instances.filter((one) => one.name === name).map(({ process }) => process.url);
    this.load = new ShopLoad({ commands: urls('command-api'), queries: urls('query-api') }, token);
  }

  static async start(): Promise<RollingRestarts> {
    const keys = await mkdtemp(join(tmpdir(), 'orderlog-keys-'));
    const [issuer, bench] = await Promise.all([openEmbeddedIssuer(keys), ProjectionBench.open()]);
    const token = await issuer.issueToken({
      tenant: 'default',
      scopes: ['orders:read', 'orders:write'],
      lifetimeSeconds: 7_200,
    });
    const store = { ORDERLOG_EVENT_STORE_URL: bench.eventStoreUrl };
    const readModels = { ORDERLOG_POSTGRES_URL: bench.postgresUrl };
    const tokens = {
      ORDERLOG_JWKS_URL: issuer.jwksUrl,
      ORDERLOG_JWT_ISSUER: issuer.issuer,
      ORDERLOG_JWT_AUDIENCE: issuer.audience,
    };
    const environments: Readonly<Record<(typeof NAMES)[number], Environment>> = {
      'command-api': { ...store, ...tokens, ORDERLOG_QUERY_BASE_URL: 'http://query.example' },
      'query-api': { ...store, ...readModels, ...tokens },
      projector: { ...store, ...readModels },
    };
    const instances = await Promise.all(
      NAMES.map(async (name) => {
        const environment = { ...environments[name], ORDERLOG_PORT: String(await freePort()) };
        return { name, environment, process: await startApp(repositoryRoot, name, environment) };
      }),
    );
    const made = new RollingRestarts(bench, instances, token, keys);
    for (const { process } of instances) await until('it is ready', () => process.isReady(), PATIENCE_MS);
    return made;
  }

  /** Ends and restarts each process, one after another. */
  async restartEach(): Promise<void> {
    for (const instance of this.#instances) {
      await this.#worked(ANSWERS_BETWEEN);
      this.exitCodes.push(await instance.process.stop());
      await this.#worked(ANSWERS_BETWEEN / 2);
      instance.process = await startApp(repositoryRoot, instance.name, instance.environment);
      await until(`${instance.name} is ready`, () => instance.process.isReady(), PATIENCE_MS);
    }
  }

  async check(): Promise<void> {
    await this.load.check(this.#bench.eventStore);
  }

  async close(): Promise<void> {
    await this.load.stop();
    await this.load.close();
    await Promise.all(this.#instances.map(({ process }) => process.stop()));
    await this.#bench.close();
    await rm(this.#keys, { recursive: true, force: true });
  }

  /** Waits until so many more requests were answered, or one failed. */
  async #worked(answers: number): Promise<void> {
    const { load } = this;
    const from = load.done;
    await until(
      'requests are answered',
      () => load.done >= from + answers || load.failures.length > 0,
      PATIENCE_MS,
    );
  }
}

describe('rolling restarts of two of each app, under load', () => {
  let system: RollingRestarts;

  beforeAll(async () => {
    system = await RollingRestarts.start();
  });
  afterAll(() => system.close());

  it('fail no request and lose nothing', async () => {
    const { load, exitCodes } = system;
    load.start();
    await system.restartEach();
    await load.stop();
    await system.check();
    expect(load.failures).toEqual([]);
    expect(exitCodes).toEqual(NAMES.map(() => 0));
    // Some clients were sent elsewhere or found an app gone, so the restarts were really under load.
    expect(load.forgiven.refused + load.forgiven.unavailable).toBeGreaterThan(0);
  });
});
