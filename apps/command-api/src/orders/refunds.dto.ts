import { LIMITS } from '#domain/order/limits.js';
import { refundReasons, type RefundReason } from '#domain/order/content.js';
import { CurrencyCode, MinorUnits, OneOf, Uuid } from '#platform/http/fields.js';
import { ObjectOfKinds } from '#platform/http/list-fields.js';
import { CommandBody, LineQuantities, type LineQuantityDto } from './common.dto.js';

const kind = { description: 'What is refunded.' };

class RefundOfLinesDto {
  @OneOf(['lines'], kind)
  kind!: 'lines';

  @LineQuantities(
    'Units that were cancelled or received back; for goodwill, any units. They are refunded at the value they were sold for.',
  )
  lines!: LineQuantityDto[];
}

class RefundOfShippingDto {
  @OneOf(['shipping'], kind)
  kind!: 'shipping';

  @MinorUnits({
    min: 1,
    max: LIMITS.amountMinor,
    optional: true,
    description: 'If absent, all that is left to refund of shipping.',
    example: 495,
  })
  amountMinor!: number | null;
}

class RefundOfAmountDto {
  @OneOf(['amount'], kind)
  kind!: 'amount';

  @MinorUnits({ min: 1, max: LIMITS.amountMinor, example: 1_000 })
  amountMinor!: number;
}

export class RequestRefundBody extends CommandBody {
  @OneOf(refundReasons, { description: 'Why the customer gets money back.' })
  reason!: RefundReason;

  @CurrencyCode({ description: 'The currency of the order.' })
  currency!: string;

  @Uuid({ optional: true, description: 'The return that the refund is for.' })
  returnId!: string | null;

  @ObjectOfKinds(
    'kind',
    { lines: RefundOfLinesDto, shipping: RefundOfShippingDto, amount: RefundOfAmountDto },
    { description: 'What is refunded: units of lines, shipping, or an amount.' },
  )
  of!: RefundOfLinesDto | RefundOfShippingDto | RefundOfAmountDto;
}
