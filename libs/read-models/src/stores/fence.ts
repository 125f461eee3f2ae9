import { SHARED_SCHEMA } from '../schema.js';

/**
 * The lease is over, and another owner may have taken over the projection: nothing of the transaction was written.
 */
export class LeaseLost extends Error {
  constructor() {
    super(LEASE_LOST);
  }
}

/** The error text that PostgreSQL raises for `requireLease`. */
const LEASE_LOST = 'the lease of the projection is over';

/** SQL expressions of a statement, parameters or literals, for the lease that has to be held. */
interface FenceParameters {
  readonly generation: string;
  readonly projection: string;
  readonly token: string;
}

/**
 * The common table expression `held`. While the lease is held it has one row, and nobody can take the lease over
 * until the transaction ends; once the lease is over it has none. The main query has to select `requireLease`.
 */
export function heldLease({ generation, projection, token }: FenceParameters): string {
  return `held AS MATERIALIZED (SELECT 1 FROM ${SHARED_SCHEMA}.leases
    WHERE generation = ${generation} AND projection = ${projection} AND token = ${token} AND expires_at > now()
    FOR KEY SHARE)`;
}

export const requireLease = `${SHARED_SCHEMA}.require((SELECT count(*) FROM held) = 1, '${LEASE_LOST}')`;

/** @throws LeaseLost in place of PostgreSQL's error for a lease that is over */
export async function fenced<T>(writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    if (error instanceof Error && error.message === LEASE_LOST) throw new LeaseLost();
    throw error;
  }
}
