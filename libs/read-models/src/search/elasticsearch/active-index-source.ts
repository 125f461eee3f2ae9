/** Knows the index of the active generation without asking on every request. */
export interface ActiveIndexSource {
  /** @throws NoActiveGeneration */
  current(): Promise<string>;
  /** Asks anew: the index that was current is gone. @throws NoActiveGeneration */
  refreshed(): Promise<string>;
}
