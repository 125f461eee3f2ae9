import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: '7c0688d633b20b864d477ea55540ef87ca2d3acd684cf6081960e59a842b6541',
  elasticsearch: '189b17e384aaaa570310dd5685a7869a4e7ab2d1d02c505a27df859225cd0457',
};
