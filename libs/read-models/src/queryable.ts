import type pg from 'pg';

/** A pool or a client. */
export type Queryable = Pick<pg.ClientBase, 'query'>;
