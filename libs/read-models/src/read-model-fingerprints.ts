import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: '2c2efd8cbe0978b01c2c802e631826038f2050e8f1b4cf3926c8c33602887104',
  elasticsearch: '8944582d7b9fcfc9fc2c9d663d0f66644149b87ee198f1d3a3db6ddc07d91f4f',
};
