/** The projection gave up: its rows are right up to its checkpoint, and a person has to look. */
export class ProjectionStopped extends Error {}
