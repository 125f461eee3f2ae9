import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: '381def908a7a4f55f0b8bb3100739273fcefe8b811913035bb1f7306e3d8e8c9',
  elasticsearch: '9a27010580211981e3a6292d294292a5743816326cff0fa6b038e80c5f4078e5',
};
