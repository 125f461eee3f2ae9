/** A change of the tables that all generations share, which are never made anew. */
export interface Migration {
  /** Migrations are made in the order of their numbers, which have no gap. */
  readonly number: number;
  readonly name: string;
  /**
   * Whether an earlier release works after it: it adds something, or allows more. A migration that takes away what
   * an earlier release needs comes at least one release after the release that stopped needing it.
   */
  readonly expands: boolean;
  readonly up: string;
  /** Undoes it, and fails rather than lose what a person decided; null: there is nothing before it. */
  readonly down: string | null;
}
