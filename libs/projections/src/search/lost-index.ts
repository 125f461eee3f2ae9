import type { Generation } from '#read-models/generations/generation.js';

/** What to say where Elasticsearch does not have the index of a generation, and what helps. */
export function lostIndex({ id, searchIndex }: Pick<Generation, 'id' | 'searchIndex'>): string {
  return `this Elasticsearch does not have the index ${searchIndex} of generation ${id}: is its address right? A lost index is filled anew by a projector; once \`orderctl status\` says that it has caught up, run the same command again`;
}
