import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: 'f709d9e5f30ddb3d372a4be07fc1e9899d662ec6831a53f2d2b963ab73b2edfb',
  elasticsearch: '368510a50766d5ac06b862778d3af59eb9bc4efc29ed383bc0811b0082db0e32',
};
