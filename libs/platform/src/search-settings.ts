import { ConfigError, type Setting, type ValuesOf } from './config.js';
import {
  envCredential,
  envFile,
  envHttpUrl,
  envOneOf,
  envOptional,
  envOptionalText,
} from './env-settings.js';
import type { ConfigName } from './config-names.js';

/** How an app reaches Elasticsearch. */
export const elasticsearchSettings = {
  elasticsearchUrl: envOptional(envElasticsearchUrl('ORDERLOG_ELASTICSEARCH_URL')),
  elasticsearchApiKey: envOptional(envCredential('ORDERLOG_ELASTICSEARCH_API_KEY')),
  elasticsearchCaFile: envOptional(envFile('ORDERLOG_ELASTICSEARCH_CA_FILE')),
};

/** Which engine the projector feeds. */
export const searchEngineSettings = {
  ...elasticsearchSettings,
  searchEngine: envOptional(envOneOf('ORDERLOG_SEARCH_ENGINE', ['postgres', 'elasticsearch'])),
  elasticsearchIndexPrefix: envOptionalText('ORDERLOG_ELASTICSEARCH_INDEX_PREFIX'),
};

export type ElasticsearchValues = ValuesOf<typeof elasticsearchSettings>;
export type SearchEngineValues = ValuesOf<typeof searchEngineSettings>;

/** How to reach Elasticsearch. */
export interface ElasticsearchConfig {
  /** The URL of one node, or of several with commas between. */
  readonly url: string;
  readonly apiKey: string | null;
  readonly caFile: string | null;
}

const DEFAULT_INDEX_PREFIX = 'orderlog';
const MAX_PREFIX_CHARACTERS = 100;

/**
 * Where Elasticsearch is; null: none is configured.
 * @throws ConfigError when an API key or CA file is given without a URL, or does not fit the URL
 */
export function elasticsearchOf(values: ElasticsearchValues): ElasticsearchConfig | null {
  const { elasticsearchUrl: url, elasticsearchApiKey: apiKey, elasticsearchCaFile: caFile } = values;
  if (url === null) {
    refuseWithoutUrl('ORDERLOG_ELASTICSEARCH_API_KEY', apiKey);
    refuseWithoutUrl('ORDERLOG_ELASTICSEARCH_CA_FILE', caFile);
    return null;
  }
  const { protocol, username, password } = new URL(nodesOf(url)[0]!);
  if (apiKey !== null && username + password !== '') {
    throw new ConfigError(
      'ORDERLOG_ELASTICSEARCH_API_KEY is set, but ORDERLOG_ELASTICSEARCH_URL holds a user or a password: use only one of the two',
    );
  }
  if (caFile !== null && protocol === 'http:') {
    throw new ConfigError(
      'ORDERLOG_ELASTICSEARCH_CA_FILE is set, but ORDERLOG_ELASTICSEARCH_URL is an http: URL: make it an https: URL, or unset ORDERLOG_ELASTICSEARCH_CA_FILE',
    );
  }
  return { url, apiKey, caFile };
}

/**
 * What the names of indexes begin with; null: PostgreSQL searches.
 * @throws ConfigError when the settings contradict each other
 */
export function indexPrefixOf(values: SearchEngineValues): string | null {
  const { searchEngine, elasticsearchUrl, elasticsearchIndexPrefix: prefix } = values;
  if (elasticsearchUrl === null) {
    if (searchEngine === 'elasticsearch') {
      throw new ConfigError(
        'ORDERLOG_SEARCH_ENGINE is elasticsearch, but ORDERLOG_ELASTICSEARCH_URL is not set: set it, or choose postgres',
      );
    }
    refuseWithoutUrl('ORDERLOG_ELASTICSEARCH_INDEX_PREFIX', prefix);
    return null;
  }
  if (prefix !== null && (!/^[a-z0-9][a-z0-9-]*$/.test(prefix) || prefix.length > MAX_PREFIX_CHARACTERS)) {
    throw new ConfigError(
      `ORDERLOG_ELASTICSEARCH_INDEX_PREFIX is ${JSON.stringify(prefix)}: give at most ${MAX_PREFIX_CHARACTERS} characters of a-z, 0-9 and -, the first not a dash`,
    );
  }
  return searchEngine === 'postgres' ? null : (prefix ?? DEFAULT_INDEX_PREFIX);
}

function refuseWithoutUrl(variable: ConfigName, value: string | null): void {
  if (value === null) return;
  throw new ConfigError(`${variable} is set, but ORDERLOG_ELASTICSEARCH_URL is not: set both, or neither`);
}

/**
 * The URLs of the nodes, at least one. A comma ends a URL only if a scheme follows: a password may hold commas.
 */
export function nodesOf(url: string): readonly string[] {
  return url.trim().split(/\s*,\s*(?=https?:\/\/)/i);
}

/** URLs of nodes of one cluster. They share scheme and login: a client of one node may be sent to any other. */
export function envElasticsearchUrl(variable: ConfigName): Setting<string> {
  const ofNode = envHttpUrl(variable);
  return {
    variable,
    read: (text) => {
      const nodes = text === undefined ? [] : nodesOf(text);
      const [first, ...others] = nodes.map((node) => new URL(ofNode.read(node)));
      if (first === undefined) return ofNode.read(text);
      // `http://A,B:9200` is one URL, of a machine whose name has a comma.
      if ([first, ...others].some(({ host, pathname }) => `${host}${pathname}`.includes(','))) {
        throw new ConfigError(`${variable} names nodes without a scheme: give https://A:9200,https://B:9200`);
      }
      if (others.some(({ protocol }) => protocol !== first.protocol)) {
        throw new ConfigError(
          `${variable} mixes nodes with https: and http: URLs: use one of the two for all`,
        );
      }
      if (others.some((node) => loginOf(node) !== loginOf(first))) {
        throw new ConfigError(
          `${variable} names nodes with different logins: give all of them the same login, or none`,
        );
      }
      return text!;
    },
  };
}

const loginOf = ({ username, password }: URL) => `${username}:${password}`;
