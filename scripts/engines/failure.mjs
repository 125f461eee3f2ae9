/** A failure that the person who ran the command can mend. It is shown as one message, without a stack. */
export class EngineFailure extends Error {}
