/** How far a reader of the feed has got. As text: `<position>.<late>`. */
export interface FeedPlace {
  /** Of the event store; -1: nothing was read. */
  readonly position: bigint;
  /** The number of the last late event that was read; null: all late events so far count as read. */
  readonly late: bigint | null;
}

export const FROM_THE_START: FeedPlace = { position: -1n, late: null };

export const FEED_PLACE = /^(?:-1|\d{1,18})(?:\.\d{1,18})?$/;
/** The longest such text, in characters. */
export const FEED_PLACE_MAX = 37;

export function encodeFeedPlace({ position, late }: FeedPlace): string {
  return late === null ? position.toString() : `${position}.${late}`;
}

/** @param text matches `FEED_PLACE` */
export function decodeFeedPlace(text: string): FeedPlace {
  const [position, late] = text.split('.');
  return { position: BigInt(position!), late: late === undefined ? null : BigInt(late) };
}
