import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: '1e4a25f7976a2bb201615bb65d84da99fa8728fc7a55189a96463ad7f3569df3',
  elasticsearch: '2873830672dc21ea521039c207fa8f715345bbffd3d274c766a12c3f5d27160a',
};
