/** What a generation is searched in: tables of its own, or an index of Elasticsearch. */
export type SearchEngine = 'postgres' | 'elasticsearch';
