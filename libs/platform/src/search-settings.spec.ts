import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';
import { elasticsearchOf, indexPrefixOf, nodesOf, searchEngineSettings } from './search-settings.js';

const read = (environment: Readonly<Record<string, string>>) => {
  const values = readConfig(searchEngineSettings, environment);
  return { elasticsearch: elasticsearchOf(values), indexPrefix: indexPrefixOf(values) };
};
const url = { ORDERLOG_ELASTICSEARCH_URL: 'https://search.example:9200' };

describe('the settings of search', () => {
  it('search in PostgreSQL unless Elasticsearch is named', () => {
    expect(read({})).toEqual({ elasticsearch: null, indexPrefix: null });
    expect(read({ ORDERLOG_SEARCH_ENGINE: 'postgres' })).toEqual({ elasticsearch: null, indexPrefix: null });
  });

  it('search in Elasticsearch where it is named, with what it takes to reach it', () => {
    const more = { ORDERLOG_ELASTICSEARCH_API_KEY: 'key', ORDERLOG_ELASTICSEARCH_CA_FILE: 'package.json' };
    expect(read({ ...url, ...more })).toEqual({
      elasticsearch: { url: url.ORDERLOG_ELASTICSEARCH_URL, apiKey: 'key', caFile: 'package.json' },
      indexPrefix: 'orderlog',
    });
    expect(read({ ...url, ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: 'shop-1' }).indexPrefix).toBe('shop-1');
  });

  it.each([
    ['https://a:9200', ['https://a:9200']],
    [
      'http://a:9200,http://b:9200, http://[::1]:9200',
      ['http://a:9200', 'http://b:9200', 'http://[::1]:9200'],
    ],
    ['https://me:p,w@a,https://me:p,w@b/search', ['https://me:p,w@a', 'https://me:p,w@b/search']],
    ['https://me:pässwort@a , https://me:pässwort@b ', ['https://me:pässwort@a', 'https://me:pässwort@b']],
  ])('take one node or several: %s', (given, nodes) => {
    const { elasticsearch } = read({ ORDERLOG_ELASTICSEARCH_URL: given });
    expect(nodesOf(elasticsearch!.url)).toEqual(nodes);
  });

  it('can name Elasticsearch for the index that is still read, and PostgreSQL for what is built', () => {
    const back = read({ ...url, ORDERLOG_SEARCH_ENGINE: 'postgres' });
    expect(back).toMatchObject({ elasticsearch: { url: url.ORDERLOG_ELASTICSEARCH_URL }, indexPrefix: null });
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    [
      'ORDERLOG_SEARCH_ENGINE is elasticsearch, but ORDERLOG_ELASTICSEARCH_URL is not set: set it, or choose postgres',
      { ORDERLOG_SEARCH_ENGINE: 'elasticsearch' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_API_KEY is set, but ORDERLOG_ELASTICSEARCH_URL is not: set both, or neither',
      { ORDERLOG_ELASTICSEARCH_API_KEY: 'secret' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_CA_FILE is set, but ORDERLOG_ELASTICSEARCH_URL is not: set both, or neither',
      { ORDERLOG_ELASTICSEARCH_CA_FILE: 'package.json' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_API_KEY is set, but ORDERLOG_ELASTICSEARCH_URL holds a user or a password: use only one of the two',
      {
        ORDERLOG_ELASTICSEARCH_URL: 'https://me:secret@search.example:9200',
        ORDERLOG_ELASTICSEARCH_API_KEY: 'key',
      },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_CA_FILE is set, but ORDERLOG_ELASTICSEARCH_URL is an http: URL: make it an https: URL, or unset ORDERLOG_ELASTICSEARCH_CA_FILE',
      {
        ORDERLOG_ELASTICSEARCH_URL: 'http://search.example:9200',
        ORDERLOG_ELASTICSEARCH_CA_FILE: 'package.json',
      },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_INDEX_PREFIX is set, but ORDERLOG_ELASTICSEARCH_URL is not: set both, or neither',
      { ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: 'shop' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_INDEX_PREFIX is "Shop_1": give at most 100 characters of a-z, 0-9 and -, the first not a dash',
      { ...url, ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: 'Shop_1' },
    ],
    [
      'ORDERLOG_SEARCH_ENGINE is "solr": give one of postgres, elasticsearch',
      { ORDERLOG_SEARCH_ENGINE: 'solr' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_URL is not a URL of the right kind: give https://… or http://…',
      { ORDERLOG_ELASTICSEARCH_URL: 'search.example:9200' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_URL is not a URL of the right kind: give https://… or http://…',
      { ORDERLOG_ELASTICSEARCH_URL: 'http://a:9200,b:9200' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_URL is not a URL of the right kind: give https://… or http://…',
      { ORDERLOG_ELASTICSEARCH_URL: 'http://a:9200,ftp://b:9200' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_URL is not a URL of the right kind: give https://… or http://…',
      { ORDERLOG_ELASTICSEARCH_URL: 'http://a:9200,' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_URL names nodes without a scheme: give https://A:9200,https://B:9200',
      { ORDERLOG_ELASTICSEARCH_URL: 'http://a,b:9200' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_URL mixes nodes with https: and http: URLs: use one of the two for all',
      { ORDERLOG_ELASTICSEARCH_URL: 'https://a:9200,http://b:9200' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_URL names nodes with different logins: give all of them the same login, or none',
      { ORDERLOG_ELASTICSEARCH_URL: 'https://me:secret@a:9200,https://b:9200' },
    ],
    [
      'ORDERLOG_ELASTICSEARCH_API_KEY is set, but ORDERLOG_ELASTICSEARCH_URL holds a user or a password: use only one of the two',
      {
        ORDERLOG_ELASTICSEARCH_URL: 'https://me:secret@a:9200,https://me:secret@b:9200',
        ORDERLOG_ELASTICSEARCH_API_KEY: 'key',
      },
    ],
  ])('refuse with one line: %s', (line, environment) => {
    expect(() => read(environment)).toThrow(line);
    expect(() => read(environment)).not.toThrow(/\bsecret\b/);
  });
});
