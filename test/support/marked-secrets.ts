import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import { configNames, fileVariable, type ConfigName } from '#platform/config-names.js';
import { freePort } from '#platform/free-port.js';
import { freshDatabase } from './database.js';
import { startTestEventStore } from './event-store.js';
import { overhear } from './quiet-process.js';

export type Environment = Partial<Record<ConfigName, string>>;

export const USER = 'orderlog-user';

/** A marked secret for each secret setting. Its characters need no escape in a URL. */
const marks = Object.fromEntries(
  Object.keys(configNames)
    .filter((name) => fileVariable(name) !== null)
    .map((name) => [name, `seen-${randomUUID()}`]),
);

export const markOf = (name: ConfigName): string => marks[name]!;

/** Each secret, and the encodings that clients send it in. */
const unseen = Object.values(marks).flatMap((secret) => [
  secret,
  Buffer.from(secret).toString('base64'),
  Buffer.from(`${USER}:${secret}`).toString('base64'),
  Buffer.from(`\0${USER}\0${secret}`).toString('base64'),
]);

/** The secrets that a text contains. */
export const seenIn = (text: string): string[] => unseen.filter((secret) => text.includes(secret));

/** Stores that fail every client, and a secret for each. */
export class MarkedSecrets {
  readonly folder: string;
  /** A port on which nobody listens. */
  readonly nobody: number;
  readonly #tokens: Environment;
  readonly #token: string;
  readonly #refusing: Server;
  readonly #urls: { readonly postgres: string; readonly store: string };
  readonly #closers: readonly (() => Promise<unknown>)[];

  private constructor(made: {
    folder: string;
    nobody: number;
    tokens: Environment;
    token: string;
    refusing: Server;
    urls: { postgres: string; store: string };
    closers: (() => Promise<unknown>)[];
  }) {
    this.folder = made.folder;
    this.nobody = made.nobody;
    this.#tokens = made.tokens;
    this.#token = made.token;
    this.#refusing = made.refusing;
    this.#urls = made.urls;
    this.#closers = made.closers;
  }

  static async open(): Promise<MarkedSecrets> {
    const folder = await mkdtemp(join(tmpdir(), 'orderlog-secrets-'));
    const [issuer, database, store, nobody] = await Promise.all([
      openEmbeddedIssuer(folder),
      freshDatabase(),
      startTestEventStore(),
      freePort(),
    ]);
    // Acts as an Elasticsearch that refuses every login. To the clients of PostgreSQL and Kafka it speaks an
    // unknown protocol.
    const refusing = createServer((_asked, answer) => {
      answer.writeHead(401, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
      answer.end('{"error":{"type":"security_exception","reason":"unable to authenticate"},"status":401}');
    });
    await new Promise<void>((done) => refusing.listen(0, '127.0.0.1', done));
    return new MarkedSecrets({
      folder,
      nobody,
      tokens: {
        ORDERLOG_JWKS_URL: issuer.jwksUrl,
        ORDERLOG_JWT_ISSUER: issuer.issuer,
        ORDERLOG_JWT_AUDIENCE: issuer.audience,
        ORDERLOG_QUERY_BASE_URL: 'http://query.example',
      },
      token: await issuer.issueToken({
        tenant: 'default',
        scopes: ['orders:read', 'orders:write'],
        lifetimeSeconds: 600,
      }),
      refusing,
      urls: { postgres: database.url, store: store.url },
      closers: [() => store.close(), database.drop],
    });
  }

  /**
   * Environments with nobody at the address; with another server there; and with a wrong password or API key, of
   * which Elasticsearch takes one.
   */
  places(): Readonly<Record<string, Environment>> {
    const refusing = `127.0.0.1:${(this.#refusing.address() as AddressInfo).port}`;
    const nobody = `127.0.0.1:${this.nobody}`;
    const withKey = (host: string) => ({
      ORDERLOG_ELASTICSEARCH_URL: `http://${host}`,
      ORDERLOG_ELASTICSEARCH_API_KEY: markOf('ORDERLOG_ELASTICSEARCH_API_KEY'),
    });
    const wrong = this.#at(refusing, this.#urls);
    return {
      'nobody there': this.#at(nobody),
      'nobody there for an API key': { ...this.#at(nobody), ...withKey(nobody) },
      'somebody else there': this.#at(refusing),
      'a wrong API key': { ...wrong, ...withKey(refusing) },
      'a wrong password': wrong,
    };
  }

  /** The same environment, with each secret in a file of its own. */
  async inFiles(environment: Environment): Promise<Record<string, string>> {
    const moved = await Promise.all(
      Object.entries(environment).map(async ([name, value]): Promise<[string, string]> => {
        const variable = fileVariable(name);
        if (variable === null || value === '') return [name, value];
        const path = join(this.folder, randomUUID());
        await writeFile(path, `${value}\n`, { mode: 0o600 });
        return [variable, path];
      }),
    );
    return Object.fromEntries(moved);
  }

  /** Everything that an app prints and answers while its stores fail. */
  async overheard(app: string, environment: Readonly<Record<string, string>>): Promise<string> {
    const running = await overhear(app, { ...this.#tokens, ...environment });
    const answers = running.port === null || app === 'event-store' ? [] : await this.#asked(running.port);
    await running.end();
    return running.said() + answers.join('\n');
  }

  async close(): Promise<void> {
    this.#refusing.closeAllConnections();
    this.#refusing.close();
    for (const close of this.#closers) await close();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #asked(port: number): Promise<string[]> {
    const json = { 'idempotency-key': 'one', 'content-type': 'application/json' };
    const own = { authorization: `Bearer ${this.#token}` };
    const line = { sku: 'A', name: 'A', quantity: 1, unitPriceMinor: 1 };
    const post = (body: unknown) => ({
      method: 'POST',
      headers: { ...json, ...own },
      body: JSON.stringify(body),
    });
    const order = `/v1/orders/${randomUUID()}`;
    const paths = [
      '/health/ready',
      '/status',
      '/metrics',
      '/v1/orders',
      order,
      '/v1/events',
      '/v1/exports/orders',
    ];
    const answers = await Promise.all(
      [
        ...paths.map((path) => [path, { headers: own }] as const),
        ['/v1/orders', post({ currency: 'EUR', lines: [line] })] as const,
        ['/v1/orders/search', post({ text: 'a' })] as const,
        ['/v1/orders', { headers: { authorization: `Bearer ${markOf('ORDERLOG_TOKEN')}` } }] as const,
      ].map(([path, asked]) => fetch(`http://127.0.0.1:${port}${path}`, asked)),
    );
    return Promise.all(
      answers.map(async (answer) => JSON.stringify([...answer.headers]) + (await answer.text())),
    );
  }

  #at(host: string, own: { postgres?: string; store?: string } = {}): Environment {
    const withLogin = (url: string, name: ConfigName) => {
      const marked = new URL(url);
      [marked.username, marked.password] = [USER, markOf(name)];
      return marked.href;
    };
    return {
      ORDERLOG_POSTGRES_URL: withLogin(own.postgres ?? `postgres://${host}/orders`, 'ORDERLOG_POSTGRES_URL'),
      ORDERLOG_EVENT_STORE_URL: withLogin(
        own.store ?? `esdb://${host}?tls=false`,
        'ORDERLOG_EVENT_STORE_URL',
      ),
      ORDERLOG_ELASTICSEARCH_URL: withLogin(`http://${host}`, 'ORDERLOG_ELASTICSEARCH_URL'),
      ORDERLOG_KAFKA_BROKERS: host,
      ORDERLOG_KAFKA_SASL_MECHANISM: 'plain',
      ORDERLOG_KAFKA_SASL_USERNAME: USER,
      ORDERLOG_KAFKA_SASL_PASSWORD: markOf('ORDERLOG_KAFKA_SASL_PASSWORD'),
      ORDERLOG_TOKEN: markOf('ORDERLOG_TOKEN'),
    };
  }
}
