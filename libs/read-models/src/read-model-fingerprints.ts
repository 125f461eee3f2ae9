import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: 'f84e83cd1abb21147be3e0aaaed2d02ee2834e85c8e0ecc5731c955ad1106507',
  elasticsearch: '368510a50766d5ac06b862778d3af59eb9bc4efc29ed383bc0811b0082db0e32',
};
