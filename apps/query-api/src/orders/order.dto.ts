import type { Instant } from '#domain/instant.js';
import { DateTime, Integer, OneOf, OptionalText, Text, Uuid } from '#platform/http/fields.js';
import type { Clock } from '#read-models/readers/as-of.js';
import { clocks } from '#read-models/readers/as-of.js';
import { CURSOR_CHARACTERS } from './list.dto.js';

/** The greatest integer of PostgreSQL: no order has so many events. */
const MAX_REVISION = 2_147_483_647;

export class OrderPath {
  @Uuid()
  orderId!: string;
}

export class OrderQuery {
  @Integer({ optional: true, min: 0, max: MAX_REVISION, description: 'As it was after this event.' })
  revision!: number | null;

  @DateTime({ optional: true, description: 'As it was when this had happened.' })
  asOf!: Instant | null;

  @DateTime({ optional: true, description: 'As it was when this had been recorded.' })
  recordedAsOf!: Instant | null;

  @Integer({
    optional: true,
    min: 0,
    max: MAX_REVISION,
    description: 'At least this revision, as it is now.',
  })
  minRevision!: number | null;
}

export class HistoryQuery {
  @OptionalText({ max: CURSOR_CHARACTERS, description: '`nextCursor` of the page before.' })
  cursor!: string | null;

  @Integer({ min: 1, max: 100, otherwise: 50, description: 'How many events at most.' })
  limit!: number;
}

export class DiffQuery {
  @Text({ max: 40, description: 'A revision, or a time with an offset.', example: '0' })
  from!: string;

  @OptionalText({ max: 40, description: 'A revision, or a time with an offset; none: as it is now.' })
  to!: string | null;

  @OneOf(clocks, { otherwise: 'occurred', description: 'By which clock the times are meant.' })
  clock!: Clock;
}
