import { SHARED_SCHEMA } from '../schema.js';

/** Another owner took the projection over, or may by now: nothing of the transaction was written. */
export class LeaseLost extends Error {
  constructor() {
    super(LEASE_LOST);
  }
}

/** Said by PostgreSQL. */
const LEASE_LOST = 'the lease of the projection is over';

/** The parameters or literals of a statement that tell which lease has to hold. */
interface FenceParameters {
  readonly generation: string;
  readonly projection: string;
  readonly token: string;
}

/**
 * The common table expression `held`: one row as long as the lease is held, and until the transaction ends nobody
 * can take it over; none once it is over. `requireLease` has to stand in the main query.
 */
export function heldLease({ generation, projection, token }: FenceParameters): string {
  return `held AS MATERIALIZED (SELECT 1 FROM ${SHARED_SCHEMA}.leases
    WHERE generation = ${generation} AND projection = ${projection} AND token = ${token} AND expires_at > now()
    FOR KEY SHARE)`;
}

export const requireLease = `${SHARED_SCHEMA}.require((SELECT count(*) FROM held) = 1, '${LEASE_LOST}')`;

/** @throws LeaseLost instead of what PostgreSQL says of a lease that is over */
export async function fenced<T>(writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (error) {
    if (error instanceof Error && error.message === LEASE_LOST) throw new LeaseLost();
    throw error;
  }
}
