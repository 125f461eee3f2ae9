/** A revision as an entity tag. */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}
