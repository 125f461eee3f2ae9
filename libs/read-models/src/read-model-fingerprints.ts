import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = {
  postgres: '36bd7b7007a8640872e417730b8a9d9e84bf665f7fee3658796561db61b8d842',
  elasticsearch: '776ffa448e119837c84b0c05ca8f5260e393b6216087d6a1fe669debd8204456',
};
