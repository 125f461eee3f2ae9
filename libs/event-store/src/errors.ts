import type { RawEvent } from './port.js';

/** The stream is not at the revision that the append was decided on. */
export class WrongExpectedRevision extends Error {
  constructor(
    readonly stream: string,
    /** null: there is no such stream. */
    readonly actualRevision: number | null,
  ) {
    super(`${stream} is at revision ${actualRevision ?? 'none'}`);
  }
}

/** No answer came in time. The events may be stored or not: to find out, send them again at the same revision. */
export class AppendOutcomeUnknown extends Error {}

/** The events of one append are larger than the port allows. */
export class AppendTooLarge extends Error {
  constructor(
    readonly sizeBytes: number,
    readonly limitBytes: number,
  ) {
    super(`an append of ${sizeBytes} bytes is over the limit of ${limitBytes}`);
  }
}

/** The event store cannot be reached, or answered that it cannot serve now. */
export class StoreUnavailable extends Error {}

/** The event store said nothing for too long: the connection may be dead without having been closed. */
export class StoreSilent extends StoreUnavailable {}

/** The stream was deleted for good (tombstoned): nothing of it can be read any more. */
export class StreamDeleted extends Error {}

/** A stored event that this release cannot read: an unknown type, a newer schema version, or broken content. */
export class UnreadableEvent extends Error {
  constructor(
    readonly event: RawEvent,
    why: string,
    options?: ErrorOptions,
  ) {
    super(`event ${event.revision} of ${event.stream} (${event.type}) cannot be read: ${why}`, options);
  }
}
