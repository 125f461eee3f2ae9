/** How far a reader of the feed has got. As text: `<position>.<late>`. */
export interface FeedPlace {
  /** Of the event store; -1: nothing was read. */
  readonly position: bigint;
  /** The number of the last event that became visible late; null: whatever was late so far is passed. */
  readonly late: bigint | null;
}

export const FROM_THE_START: FeedPlace = { position: -1n, late: null };

export const FEED_PLACE = /^(?:-1|\d{1,18})(?:\.\d{1,18})?$/;
/** Of such a text. */
export const FEED_PLACE_MAX = 37;

export function encodeFeedPlace({ position, late }: FeedPlace): string {
  return late === null ? position.toString() : `${position}.${late}`;
}

/** @param text that matches the pattern */
export function decodeFeedPlace(text: string): FeedPlace {
  const [position, late] = text.split('.');
  return { position: BigInt(position!), late: late === undefined ? null : BigInt(late) };
}
