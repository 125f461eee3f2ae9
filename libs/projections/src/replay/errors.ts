/** Nothing was begun, and nothing that was built before is lost. */
export class CannotReplay extends Error {}

/** The generation was not right, or could not be built: it is gone again, and the active one is as it was. */
export class ReplayFailed extends Error {}
