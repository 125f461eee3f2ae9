import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: 'cd562120959ee6592e53e5d80394b11cd89930a534f79e1b4a8d8029fcf6bd3d',
  elasticsearch: '4eeb364d16eed36d6062fe0d7d540f1b97d8405e1e7f846abae2bb761c39d11e',
};
