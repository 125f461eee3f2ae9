import { readFileSync } from 'node:fs';
import { Client } from '@elastic/elasticsearch';
import type { ElasticsearchPlace } from '#platform/search-settings.js';
import { DiscreetTransport } from './discreet-transport.js';

const REQUEST_TIMEOUT_MS = 10_000;

/** @throws when the CA file cannot be read */
export function createElasticsearchClient({ url, apiKey, caFile }: ElasticsearchPlace): Client {
  const { username, password, origin, pathname } = new URL(url);
  const basic =
    username === ''
      ? {}
      : { auth: { username: decodeURIComponent(username), password: decodeURIComponent(password) } };
  return new Client({
    node: `${origin}${pathname}`,
    ...(apiKey === null ? basic : { auth: { apiKey } }),
    ...(caFile === null ? {} : { tls: { ca: readFileSync(caFile) } }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Whoever asks decides how often to ask again.
    maxRetries: 0,
    Transport: DiscreetTransport,
  });
}
