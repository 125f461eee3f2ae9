/** Schema of what all generations share. */
export const SHARED_SCHEMA = 'orderlog';

/** The channel on which each checkpoint is told, as `<generation>:<projection>:<position>`, when it commits. */
export const CHECKPOINT_CHANNEL = 'orderlog_checkpoint';

/** The channel on which a change of the active generation is told, as its id. */
export const GENERATION_CHANNEL = 'orderlog_generation';

/** The channel on which it is told that a lease was released or asked for, as `<generation>:<projection>`. */
export const LEASE_CHANNEL = 'orderlog_lease';

/** The channel on which a request to the owner of a projection is told, as the request's id. */
export const QUARANTINE_CHANNEL = 'orderlog_quarantine';

/** The channel on which it is told that something is asked of a replay, or that one has changed. */
export const REPLAY_CHANNEL = 'orderlog_replay';
