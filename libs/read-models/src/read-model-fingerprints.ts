import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: '150856caccbdc1e3f76bb5397ea86f440e87082fd4272833681d968116199177',
  elasticsearch: '85d282c57cb0da6ff000a943ed7837d05b9b2e97f2cd32e0f723d62ff26c5987',
};
