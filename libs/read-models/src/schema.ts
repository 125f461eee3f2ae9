/** Schema of what all generations share. */
export const SHARED_SCHEMA = 'orderlog';

/** The channel on which each checkpoint is told, as `<generation>:<projection>:<position>`, when it commits. */
export const CHECKPOINT_CHANNEL = 'orderlog_checkpoint';

/** The channel on which a change of the active generation is told, as its id. */
export const GENERATION_CHANNEL = 'orderlog_generation';
