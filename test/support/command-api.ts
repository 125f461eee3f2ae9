import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { openEmbeddedIssuer } from '#platform/auth/embedded-issuer.js';
import type { Scope } from '#platform/auth/principal.js';
import { createTokenVerifier } from '#platform/auth/token-verifier.js';
import { createLogger } from '#platform/logging.js';
import {
  defaultLoading,
  type CommandApiSettings,
  type LoadingSettings,
} from '../../apps/command-api/src/settings.js';
import type { CommandHandling } from '../../apps/command-api/src/dispatch/command-handling.js';
import { createCommandHttpApp } from '../../apps/command-api/src/http-api.js';
import { startCommandApi } from '../../apps/command-api/src/start.js';
import { StoreMark } from '../../apps/command-api/src/store-mark.js';

const BUILT_MAIN = fileURLToPath(new URL('../../dist/apps/command-api/src/main.js', import.meta.url));

export const QUERY_BASE_URL = 'http://query.example';

export interface TokenOptions {
  tenant?: string;
  scopes?: readonly Scope[];
  customer?: string;
  clientId?: string;
  lifetimeSeconds?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON. */
  readonly body: Record<string, unknown>;
}

export interface Sent {
  /** A JSON value, or text or bytes to be sent as they are. */
  body?: unknown;
  /** Idempotency-Key; a new one by default, null for none. */
  key?: string | null;
  token?: string | null;
  method?: string;
  headers?: Readonly<Record<string, string>>;
}

export interface TestCommandApi {
  readonly url: string;
  token(options?: TokenOptions): Promise<string>;
  /** Sends a POST as staff with every scope, by default. */
  send(path: string, sent?: Sent): Promise<Answer>;
  close(): Promise<void>;
  /** Ends it as a crash would (SIGKILL). Only with a process of its own. */
  kill(): Promise<void>;
}

export interface TestCommandApiOptions {
  eventStoreUrl: string;
  requireIfMatch?: boolean;
  ownProcess?: boolean;
  loading?: LoadingSettings;
  /** Only in this process: the longest wait for an answer of the event store. */
  timeoutMs?: number;
  /** Only in this process: a replacement for the usual handling of commands. */
  handlingOf?: (eventStore: DbClientEventStore) => CommandHandling;
}

/**
 * command-api on a free port, with its own token issuer. It runs in this process, where only one instance at a
 * time can append, or as the built app in a separate process.
 */
export async function startTestCommandApi({
  ownProcess = false,
  timeoutMs,
  handlingOf,
  ...options
}: TestCommandApiOptions): Promise<TestCommandApi> {
  const keys = await mkdtemp(join(tmpdir(), 'orderlog-keys-'));
  const tokens = await openEmbeddedIssuer(keys);
  const { jwksUrl, issuer, audience } = tokens;
  const settings = {
    host: '127.0.0.1',
    port: 0,
    queryBaseUrl: QUERY_BASE_URL,
    requireIfMatch: false,
    jwksUrl,
    issuer,
    audience,
    ...options,
  };
  const app: { port: number; close(): Promise<void>; kill?(): Promise<void> } = ownProcess
    ? await forkCommandApi(settings)
    : handlingOf
      ? await startOver(handlingOf, settings, timeoutMs)
      : await startCommandApi(settings, createLogger('command-api', 'silent'));
  const token = ({ scopes, ...rest }: TokenOptions = {}) =>
    tokens.issueToken({
      tenant: 'default',
      scopes: scopes ?? ['orders:read', 'orders:write', 'orders:refund', 'orders:admin'],
      lifetimeSeconds: 600,
      ...rest,
    });
  const staff = await token();
  const url = `http://127.0.0.1:${app.port}`;
  return {
    url,
    token,
    send: (path, sent = {}) => send(url + path, { token: staff, ...sent }),
    async close() {
      await app.close();
      await rm(keys, { recursive: true, force: true });
    },
    async kill() {
      if (!app.kill) throw new Error('it has no process of its own');
      await app.kill();
      await rm(keys, { recursive: true, force: true });
    },
  };
}

/** As `startCommandApi`, with another handling of commands. */
async function startOver(
  handlingOf: (eventStore: DbClientEventStore) => CommandHandling,
  { host, eventStoreUrl, queryBaseUrl, requireIfMatch, ...tokens }: CommandApiSettings,
  timeoutMs?: number,
): Promise<{ port: number; close: () => Promise<void> }> {
  const eventStore = new DbClientEventStore({
    connectionString: eventStoreUrl,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const storeMark = new StoreMark(eventStore);
  const http = await createCommandHttpApp(handlingOf(eventStore), {
    logger: createLogger('command-api', 'silent'),
    verifier: createTokenVerifier(tokens),
    checkEventStore: () => eventStore.headPosition(),
    queryBaseUrl,
    requireIfMatch,
    storeMark: () => storeMark.current(),
  });
  const port = await http.listen(host, 0);
  const close = async () => {
    await http.close();
    await eventStore.close();
  };
  return { port, close };
}

async function forkCommandApi(
  settings: CommandApiSettings,
): Promise<{ port: number; close: () => Promise<void>; kill: () => Promise<void> }> {
  const { loading = defaultLoading } = settings;
  const child = fork(BUILT_MAIN, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ORDERLOG_HOST: settings.host,
      ORDERLOG_PORT: String(settings.port),
      ORDERLOG_EVENT_STORE_URL: settings.eventStoreUrl,
      ORDERLOG_QUERY_BASE_URL: settings.queryBaseUrl,
      ORDERLOG_REQUIRE_IF_MATCH: String(settings.requireIfMatch),
      ORDERLOG_JWKS_URL: settings.jwksUrl,
      ORDERLOG_JWT_ISSUER: settings.issuer,
      ORDERLOG_JWT_AUDIENCE: settings.audience,
      ORDERLOG_SNAPSHOT_EVERY_EVENTS: String(loading.snapshotEveryEvents),
      ORDERLOG_SNAPSHOT_CHECK_ONE_IN: String(loading.snapshotCheckOneIn),
      ORDERLOG_STATE_CACHE_MB: String(loading.stateCacheMb),
    },
  });
  const ended = once(child, 'exit');
  const [message] = (await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => Promise.reject(new Error(`command-api ended with ${String(code)}`))),
  ])) as [{ port: number }];
  return {
    port: message.port,
    async close() {
      child.kill('SIGTERM');
      const [code] = (await ended) as [number | null];
      if (code !== 0) throw new Error(`command-api ended with ${String(code)}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function send(
  url: string,
  { body = {}, key = randomUUID(), token, method = 'POST', headers }: Sent,
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(key === null ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: JSON.parse(text) as Record<string, unknown>,
  };
}
