/** What one error code means to a client. */
export interface ProblemDefinition {
  readonly status: number;
  /** Short and the same every time: what is wrong. */
  readonly title: string;
  /** What to do about it. */
  readonly help: string;
}
