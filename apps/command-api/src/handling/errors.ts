import type { Rejection } from '#domain/order/rejections.js';

/** The command is rejected; `rejection` says why. */
export class OrderRejected extends Error {
  constructor(readonly rejection: Rejection) {
    super(rejection.code);
  }
}

/** The same Idempotency-Key was used before, with another body. */
export class IdempotencyKeyReused extends Error {
  constructor(readonly commandId: string) {
    super(`command ${commandId} was handled before, with other content`);
  }
}

/** The order is at another revision than `If-Match` says. */
export class PreconditionFailed extends Error {
  constructor(
    readonly expectedRevision: number,
    readonly actualRevision: number,
  ) {
    super(`the order is at revision ${actualRevision}, not ${expectedRevision}`);
  }
}

/** This deployment requires `If-Match`, and it was not given. */
export class PreconditionMissing extends Error {}

/** Other processes changed the order at every attempt, until the command had waited too long. */
export class ConflictRetriesExhausted extends Error {
  constructor(readonly waitedMs: number) {
    super(`the order was changed by others again and again, for ${Math.round(waitedMs)} ms`);
  }
}

/** The events of this command do not fit into one append. */
export class OrderTooLarge extends Error {
  constructor(
    readonly sizeBytes: number,
    readonly limitBytes: number,
  ) {
    super(`the events of this command take ${sizeBytes} bytes, over the limit of ${limitBytes}`);
  }
}
