/** The invariants of the design that are checked here, by their numbers in the design. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I7' | 'I8' | 'I9' | 'I10' | 'I11';

export const invariantNames: Readonly<Record<Invariant, string>> = {
  I1: 'each 2xx is in the stream exactly once, at the revision returned',
  I2: 'a definite 4xx left nothing, an unknown outcome all or nothing',
  I3: 'revisions are contiguous, and every event is legal',
  I4: 'row = search document = fold of the stream, and no extras',
  I5: 'Kafka and the feed have every event at least once, first occurrences in order per order',
  I7: 'a snapshot and the events after it make what all events make, at every revision',
  I8: 'a checkpoint never passes an event that is neither applied nor parked in the same transaction',
  I9: 'a read-your-writes token is honoured or refused, and a read that is refused is told when to come again',
  I10: 'captures and refunds at the provider equal those in stream and rows, per reference',
  I11: 'a customer is shown, and changes, only its own orders, as far as customers may, and sees no note',
};

export interface Violation {
  readonly invariant: Invariant;
  /** The order, stream or question that the violation concerns. */
  readonly about: string;
  readonly what: string;
}

export type Report = (about: string, what: string) => void;
