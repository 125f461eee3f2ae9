import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: '58468f776a0e004e18b7be5d9d18f3ffcaf9ff78e5acee1debc6fc135e2b5bfd',
  elasticsearch: 'c81e9b58dc43d942f6ef102fa2c2909c8504f6fc4fbb03a3583c23f72e41d733',
};
