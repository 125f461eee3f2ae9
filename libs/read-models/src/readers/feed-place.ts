/** How far a reader of the feed has got. As text: `<position>.<late>-<store>`. */
export interface FeedPlace {
  /** Of the event store; -1: nothing was read. */
  readonly position: bigint;
  /** The number of the last late event that was read; null: all late events so far count as read. */
  readonly late: bigint | null;
  /** Mark of the event store that the position is of; null: not said. */
  readonly store: string | null;
}

export const FROM_THE_START: FeedPlace = { position: -1n, late: null, store: null };

export const FEED_PLACE = /^(-1|\d{1,18})(?:\.(\d{1,18}))?(?:-([0-9a-f]{12}))?$/;
/** The longest such text, in characters. */
export const FEED_PLACE_MAX = 50;

export function encodeFeedPlace({ position, late, store }: FeedPlace): string {
  return `${position}${late === null ? '' : `.${late}`}${store === null ? '' : `-${store}`}`;
}

/** @param text matches `FEED_PLACE` */
export function decodeFeedPlace(text: string): FeedPlace {
  const [, position, late, store = null] = FEED_PLACE.exec(text)!;
  return { position: BigInt(position!), late: late === undefined ? null : BigInt(late), store };
}
