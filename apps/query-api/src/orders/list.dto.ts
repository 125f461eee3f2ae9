import type { Instant } from '#domain/instant.js';
import { LIMITS } from '#domain/order/limits.js';
import { DateTime, Integer, OneOf, OptionalText } from '#platform/http/fields.js';
import type { OrderLookup } from '#read-models/readers/order-lookup.js';
import { listSorts, type ListSort } from '#read-models/readers/order-sort.js';
import { totalsGroups, type TotalsGroup } from '#read-models/readers/order-totals.reader.js';
import { FilterQuery } from '../request/as-of.dto.js';
import { OrderFilterFields } from '../request/order-filter.dto.js';

export const CURSOR_CHARACTERS = 1_000;
export const TOTAL_SORTS = '`total` sorts by currency first, and by total within each currency.';
const LIMIT_DESCRIPTION = 'The maximum number of orders on the page.';

export class ListQuery extends FilterQuery implements OrderLookup {
  @OptionalText({
    max: LIMITS.referenceCharacters,
    description:
      'Orders of which a shipment has this tracking number, exactly as it was given, or had it before it was corrected.',
    example: 'JD014600003828',
  })
  trackingNumber!: string | null;

  @OptionalText({
    max: LIMITS.referenceCharacters,
    description:
      "Orders of which a payment or refund has this id of the payment provider's, exactly as it was given.",
    example: 'pi_77',
  })
  providerReference!: string | null;

  @OneOf(listSorts, {
    otherwise: '-placedAt',
    description: `A minus sign means that the largest value comes first. ${TOTAL_SORTS}`,
  })
  sort!: ListSort;

  @OptionalText({ max: CURSOR_CHARACTERS, description: '`nextCursor` of the previous page.' })
  cursor!: string | null;

  @Integer({ min: 1, max: 100, otherwise: 20, description: LIMIT_DESCRIPTION })
  limit!: number;
}

export class TotalsQuery extends FilterQuery {
  @OneOf(totalsGroups, {
    optional: true,
    description:
      'What to group the sums by. If absent, there is one group for each currency. More than 10,000 groups are refused.',
  })
  by!: TotalsGroup | null;

  @OptionalText({
    max: 50,
    pattern: {
      regex: /^[A-Za-z][A-Za-z0-9_+/-]*$/,
      means: 'the IANA name of a time zone, such as Europe/London',
    },
    description:
      'The IANA name of the time zone in which days and months begin. If absent, UTC. Abbreviations such as PST are refused.',
    example: 'Europe/London',
  })
  timeZone!: string | null;
}

/** Two moments on one clock: `fromAsOf` with `toAsOf`, or `fromRecordedAsOf` with `toRecordedAsOf`. */
export class DiffListQuery extends OrderFilterFields {
  @DateTime({
    optional: true,
    description:
      'The earlier moment: every event that had happened by then counts (occurredAt). Given with toAsOf.',
  })
  fromAsOf!: Instant | null;

  @DateTime({ optional: true, description: 'The later moment, by the same clock as fromAsOf.' })
  toAsOf!: Instant | null;

  @DateTime({
    optional: true,
    description:
      'The earlier moment: every event that had been recorded by then counts (recordedAt). Given with toRecordedAsOf.',
  })
  fromRecordedAsOf!: Instant | null;

  @DateTime({ optional: true, description: 'The later moment, by the same clock as fromRecordedAsOf.' })
  toRecordedAsOf!: Instant | null;

  @OptionalText({ max: CURSOR_CHARACTERS, description: '`nextCursor` of the previous page.' })
  cursor!: string | null;

  @Integer({ min: 1, max: 100, otherwise: 20, description: LIMIT_DESCRIPTION })
  limit!: number;
}
