import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: '391cfd753347e871c19208090e0c3282d5a4e494ecda3c91e132a9d51b76f32a',
  elasticsearch: '2d84739e3d1084a9fe471138933e3d9e97acd1165efed44a5b6616cae86e06d1',
};
