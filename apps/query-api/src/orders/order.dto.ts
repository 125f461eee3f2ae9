import type { Instant } from '#domain/instant.js';
import { DateTime, Integer, OneOf, OptionalText, Text, Uuid } from '#platform/http/fields.js';
import type { Clock } from '#read-models/readers/as-of.js';
import { clocks } from '#read-models/readers/as-of.js';
import { CURSOR_CHARACTERS } from './list.dto.js';

/** The greatest integer of PostgreSQL: no order has so many events. */
const MAX_REVISION = 2_147_483_647;

export class OrderPath {
  @Uuid({ description: 'The id of the order.' })
  orderId!: string;
}

export class OrderQuery {
  @Integer({
    optional: true,
    min: 0,
    max: MAX_REVISION,
    description: 'The order as it was after the event with this revision.',
  })
  revision!: number | null;

  @DateTime({
    optional: true,
    description: 'The order as of this moment: every event that had happened by then counts (occurredAt).',
  })
  asOf!: Instant | null;

  @DateTime({
    optional: true,
    description:
      'The order as of this moment: every event that had been recorded by then counts (recordedAt).',
  })
  recordedAsOf!: Instant | null;

  @Integer({
    optional: true,
    min: 0,
    max: MAX_REVISION,
    description:
      'The order as it is now, at this revision or a later one. The read waits until the read models have it.',
  })
  minRevision!: number | null;
}

export class HistoryQuery {
  @OptionalText({ max: CURSOR_CHARACTERS, description: '`nextCursor` of the previous page.' })
  cursor!: string | null;

  @Integer({
    min: 1,
    max: 100,
    otherwise: 50,
    description: 'The maximum number of events on the page. A page of large events has fewer.',
  })
  limit!: number;
}

export class DiffQuery {
  @Text({ max: 40, description: 'A revision, or a time with an offset.', example: '0' })
  from!: string;

  @OptionalText({
    max: 40,
    description: 'A revision, or a time with an offset. If absent, the order as it is now.',
  })
  to!: string | null;

  @OneOf(clocks, {
    otherwise: 'occurred',
    description: 'Which time of events the given times are compared with: occurredAt or recordedAt.',
  })
  clock!: Clock;
}
