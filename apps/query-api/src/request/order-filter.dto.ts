import type { Instant } from '#domain/instant.js';
import { LIMITS } from '#domain/order/limits.js';
import { typedOrderNumber } from '#domain/order/order-number.js';
import { orderStatuses } from '#domain/order/state.js';
import { fulfilmentStatuses, paymentStatuses, returnStatuses } from '#domain/order/statuses.js';
import { CurrencyCode, DateTime, Flag, MinorUnits, OptionalText } from '#platform/http/fields.js';
import { TextList } from '#platform/http/list-fields.js';
import { ProblemError } from '#platform/problems/problems.js';
import { filterOf, type OrderFilter } from '#read-models/readers/order-filter.js';

const oneOfThem = (values: readonly string[]) =>
  TextList({
    optional: true,
    max: values.length,
    itemMax: 30,
    oneOf: values,
    description: 'Orders with any of these values. An empty list means all orders.',
  });

/** What narrows lists, searches, totals and exports, in a query or a body. */
export class OrderFilterFields {
  @OptionalText({ max: 200, description: 'Orders of the customer with this id.' })
  customerId!: string | null;

  @oneOfThem(orderStatuses)
  status!: string[] | null;

  @oneOfThem(paymentStatuses)
  paymentStatus!: string[] | null;

  @oneOfThem(fulfilmentStatuses)
  fulfilmentStatus!: string[] | null;

  @oneOfThem(returnStatuses)
  returnStatus!: string[] | null;

  @Flag({
    optional: true,
    description: 'true: only orders on hold; false: only orders that are not on hold.',
  })
  onHold!: boolean | null;

  @TextList({
    optional: true,
    max: 50,
    itemMax: 2,
    pattern: { regex: /^[A-Z]{2}$/, means: 'an ISO 3166-1 alpha-2 code in capitals, such as DE' },
    description:
      'Orders with any of these countries in the shipping address. An empty list means all orders.',
  })
  country!: string[] | null;

  @CurrencyCode({ optional: true, description: 'Orders in this currency.' })
  currency!: string | null;

  @OptionalText({
    max: 20,
    description: "The order's number, in upper or lower case, with or without the hyphen.",
    example: '7K3MQ-2XH9D',
  })
  number!: string | null;

  @OptionalText({ max: LIMITS.referenceCharacters, description: "The caller's own name for the order." })
  reference!: string | null;

  @OptionalText({ max: LIMITS.tagCharacters, description: 'Orders with this tag.' })
  tag!: string | null;

  @DateTime({ optional: true, description: 'Orders placed at this time or later.' })
  from!: Instant | null;

  @DateTime({ optional: true, description: 'Orders placed before this time.' })
  to!: Instant | null;

  @MinorUnits({
    optional: true,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    description: 'The lowest total, in minor units of `currency`, which must be given too.',
  })
  minTotalMinor!: number | null;

  @MinorUnits({
    optional: true,
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    description: 'The highest total, in minor units of `currency`, which must be given too.',
  })
  maxTotalMinor!: number | null;
}

/** @throws ProblemError for a total without a currency: minor units of two currencies cannot be compared */
export function orderFilterOf(fields: OrderFilterFields, pointer = ''): OrderFilter {
  const narrowsTotal = fields.minTotalMinor !== null || fields.maxTotalMinor !== null;
  if (narrowsTotal && fields.currency === null) {
    throw new ProblemError('validation_failed', {
      errors: [
        {
          pointer: `${pointer}/currency`,
          code: 'required',
          message: 'is required with minTotalMinor or maxTotalMinor',
        },
      ],
    });
  }
  return filterOf({ ...fields, number: fields.number && typedOrderNumber(fields.number) });
}
