import { readFileSync } from 'node:fs';
import { Client } from '@elastic/elasticsearch';
import { nodesOf, type ElasticsearchConfig } from '#platform/search-settings.js';
import { DiscreetTransport } from './discreet-transport.js';

const REQUEST_TIMEOUT_MS = 10_000;

/** @throws when the CA file cannot be read */
export function createElasticsearchClient({ url, apiKey, caFile }: ElasticsearchConfig): Client {
  const nodes = nodesOf(url).map((node) => new URL(node));
  const { username, password } = nodes[0]!; // the same in all URLs
  const basic =
    username === ''
      ? {}
      : { auth: { username: decodeURIComponent(username), password: decodeURIComponent(password) } };
  return new Client({
    nodes: nodes.map(({ origin, pathname }) => `${origin}${pathname}`),
    ...(apiKey === null ? basic : { auth: { apiKey } }),
    ...(caFile === null ? {} : { tls: { ca: readFileSync(caFile) } }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Each node is asked once, when the one before it is away. The caller decides how often to ask again.
    maxRetries: nodes.length - 1,
    Transport: DiscreetTransport,
  });
}
