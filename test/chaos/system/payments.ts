import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '#platform/free-port.js';
import type { EmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import type { CommandAttempt, ProviderFacts } from '../checker/facts.js';
import { readAttempts } from '../payment-worker/attempt-log.js';
import type { WorkerOptions, WorkerStatus } from '../payment-worker/payment-worker.js';
import { readLedger } from '../provider/ledger.js';
import type { ProviderOptions } from '../provider/provider-server.js';
import { HttpClient } from '../workload/http-client.js';
import type { AppOptions } from './app-process.js';

export interface PaymentsOptions {
  /** The tenant whose money moves at the provider, and nowhere else. */
  readonly tenantId: string;
  readonly seed: string;
  /** How many times as quick as usual the provider is. */
  readonly pace: number;
  /** For the provider's ledger, and for the attempts of the workers. */
  readonly folder: string;
}

/** What the provider and its workers get from the system: connections and processes. */
export interface StartedIn {
  readonly names: readonly string[];
  readonly issuer: EmbeddedIssuer;
  readonly commandUrls: readonly string[];
  readonly queryUrls: readonly string[];
  /** Opens a disturbed connection; `repeats`: its requests may be repeated. */
  readonly link: (name: string, port: number, repeats: boolean) => Promise<string>;
  readonly start: (
    name: string,
    of: Pick<AppOptions, 'main' | 'args' | 'port' | 'environment'>,
  ) => Promise<void>;
}

const CLIENT = 'payments';
const TOKEN_SECONDS = 4 * 3_600;
const LOOK_EVERY_MS = 100;
/** The first of them may have begun before the log reached its end. */
const QUIET_PASSES = 2;

/** A payment provider, and the workers through which the shop deals with it. */
export class Payments {
  readonly #options: PaymentsOptions;
  readonly #workers: { readonly name: string; readonly port: number }[] = [];

  constructor(options: PaymentsOptions) {
    this.#options = options;
  }

  async start({ names, issuer, commandUrls, queryUrls, link, start }: StartedIn): Promise<void> {
    const { tenantId, seed, pace } = this.#options;
    for (const name of names) this.#workers.push({ name, port: await freePort() });
    const webhookUrls: string[] = [];
    for (const { name, port } of this.#workers) webhookUrls.push(await link(`provider>${name}`, port, true));
    const port = await freePort();
    const provider: ProviderOptions = { ledgerPath: this.#ledgerPath, webhookUrls, seed, pace };
    await start('provider', { ...processOf('provider', provider), port });
    const token = await issuer.issueToken({
      ...{ tenant: tenantId, clientId: CLIENT, lifetimeSeconds: TOKEN_SECONDS },
      scopes: ['orders:read', 'orders:write', 'orders:refund'],
    });
    for (const worker of this.#workers) {
      const options: WorkerOptions = {
        ...{ tenantId, token, clientId: CLIENT, commandUrls, queryUrls, seed: `${seed}/${worker.name}` },
        attemptsPath: this.#attemptsPath(worker.name),
        providerUrl: await link(`${worker.name}>provider`, port, true),
        providerPace: pace,
      };
      await start(worker.name, { ...processOf('payment-worker', options), port: worker.port });
    }
  }

  /** Waits until everything is asked for and recorded. @returns null, or who was not done in time */
  async settled(limitMs: number): Promise<string | null> {
    const http = new HttpClient();
    const deadlineMs = performance.now() + limitMs;
    try {
      for (const { name, port } of this.#workers) {
        const ask = () => statusOf(http, port);
        const first = await ask();
        for (;;) {
          const status = await ask();
          const isNew = status !== null && status.passes >= (first?.passes ?? 0) + QUIET_PASSES;
          if (isNew && status.quietPasses >= QUIET_PASSES) break;
          if (performance.now() > deadlineMs) return `${name} is not done with the provider in ${limitMs} ms`;
          await setTimeout(LOOK_EVERY_MS);
        }
      }
      return null;
    } finally {
      await http.close();
    }
  }

  /** The attempts of the workers. */
  attempts(): CommandAttempt[] {
    return this.#workers.flatMap(({ name }) => readAttempts(this.#attemptsPath(name)));
  }

  facts(): ProviderFacts {
    return { tenants: [this.#options.tenantId], ledger: readLedger(this.#ledgerPath) };
  }

  get #ledgerPath(): string {
    return join(this.#options.folder, 'provider.ledger.ndjson');
  }

  #attemptsPath(name: string): string {
    return join(this.#options.folder, `${name}.attempts.ndjson`);
  }
}

function processOf(name: string, options: ProviderOptions | WorkerOptions) {
  return { main: `test/chaos/${name}/main.js`, args: [JSON.stringify(options)], environment: {} };
}

async function statusOf(http: HttpClient, port: number): Promise<WorkerStatus | null> {
  const answer = await http.send(`http://127.0.0.1:${port}/status`, { method: 'GET', headers: {} });
  return typeof answer === 'string' ? null : (answer.body as unknown as WorkerStatus);
}
