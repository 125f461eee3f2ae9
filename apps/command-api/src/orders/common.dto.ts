import type { Instant } from '#domain/instant.js';
import type { LineQuantity } from '#domain/order/content.js';
import { LIMITS } from '#domain/order/limits.js';
import { DateTime, OptionalText, Quantity, Uuid } from '#platform/http/fields.js';
import { ListOf } from '#platform/http/list-fields.js';

/** The base of all bodies: every command may give `occurredAt`, and many give nothing else. */
export class CommandBody {
  @DateTime({
    optional: true,
    description:
      'When it happened in the business. If absent, now. A time more than 60 s ago needs the scope ' +
      "orders:admin. With a customer's token, it cannot be given.",
    example: '2026-03-01T12:00:00Z',
  })
  occurredAt!: Instant | null;
}

export class ReasonBody extends CommandBody {
  @OptionalText({
    max: LIMITS.reasonCharacters,
    description: 'Why, in words.',
    example: 'Asked for by the customer.',
  })
  reason!: string | null;
}

export class LineQuantityDto implements LineQuantity {
  @Uuid({ description: 'The id of a line of this order.' })
  lineId!: string;

  @Quantity({ description: 'A number of whole units.', max: LIMITS.quantity, example: 2 })
  quantity!: number;
}

export const attributeLimits = {
  maxEntries: LIMITS.attributes,
  keyMax: LIMITS.attributeKeyCharacters,
  valueMax: LIMITS.attributeValueCharacters,
};

/** At least one line. */
export const LineQuantities = (description: string): PropertyDecorator =>
  ListOf(LineQuantityDto, { min: 1, max: LIMITS.lines, description });

/**
 * Absent, it means all units, as empty `lines` do in the domain. An empty list would read as none and is refused.
 */
export const OptionalLineQuantities = (description: string): PropertyDecorator =>
  ListOf(LineQuantityDto, { min: 1, max: LIMITS.lines, optional: true, description });
