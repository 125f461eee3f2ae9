/** Something that the person who ran the command can mend: shown as one message, without a stack. */
export class EngineFailure extends Error {}
