import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: 'b4b854dbf1f891c63886a72de13c3768abe66cb61e2672b3eb3b392b61f9bcda',
  elasticsearch: '5d25e2f392430674b083690b65bec097b62f7e934750a665b678e3132d0166e8',
};
