import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: '150856caccbdc1e3f76bb5397ea86f440e87082fd4272833681d968116199177',
  elasticsearch: '9bafcdd6fbdbd9f9f6025076841069e4db3ccd99f88f8f7223ce31680d4d8454',
};
