/** Which projection, and of which generation; generation 0: of none, as a relay is. */
export interface ProjectionKey {
  readonly projection: string;
  readonly generation: number;
}
