import type { Instant } from '#domain/instant.js';
import { DateTime } from '#platform/http/fields.js';
import { ProblemError } from '#platform/problems/problems.js';
import type { AsOf } from '#read-models/readers/as-of.js';
import { OrderFilterFields } from './order-filter.dto.js';

/** A moment on one of the clocks, in a query or a body. */
export interface AsOfFields {
  readonly asOf: Instant | null;
  readonly recordedAsOf: Instant | null;
}

/** @throws ProblemError when both clocks are asked for */
export function asOfOf({ asOf, recordedAsOf }: AsOfFields): AsOf | null {
  if (asOf !== null && recordedAsOf !== null) {
    throw new ProblemError('validation_failed', {
      errors: [{ pointer: '/recordedAsOf', code: 'conflict', message: 'cannot be given together with asOf' }],
    });
  }
  if (asOf !== null) return { clock: 'occurred', at: asOf };
  return recordedAsOf === null ? null : { clock: 'recorded', at: recordedAsOf };
}

/** Which orders, and at which moment. */
export class FilterQuery extends OrderFilterFields implements AsOfFields {
  @DateTime({
    optional: true,
    description: 'The orders as of this moment: every event that had happened by then counts (occurredAt).',
  })
  asOf!: Instant | null;

  @DateTime({
    optional: true,
    description:
      'The orders as of this moment: every event that had been recorded by then counts (recordedAt).',
  })
  recordedAsOf!: Instant | null;
}
