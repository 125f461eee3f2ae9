/** A change of the tables that all generations share, which are never made anew. */
export interface Migration {
  /** They are made in this order, without a gap. */
  readonly number: number;
  readonly name: string;
  /**
   * Whether an earlier release works on what it leaves: it adds, or allows more. One that takes away what an earlier
   * release needs comes a release later than the one that stopped needing it.
   */
  readonly expands: boolean;
  readonly up: string;
  /** Undoes it, and fails rather than lose what a person decided; null: there is nothing before it. */
  readonly down: string | null;
}
