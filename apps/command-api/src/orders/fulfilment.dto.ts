import { LIMITS } from '#domain/order/limits.js';
import { OptionalText } from '#platform/http/fields.js';
import {
  CommandBody,
  OptionalLineQuantities,
  ReasonBody,
  LineQuantities,
  type LineQuantityDto,
} from './common.dto.js';

const text = (example: string) => ({ max: LIMITS.nameCharacters, example });

export class CreateShipmentBody extends CommandBody {
  @OptionalText(text('DHL'))
  carrier!: string | null;

  @OptionalLineQuantities('Not given: everything that is left to ship.')
  lines!: LineQuantityDto[] | null;
}

export class DispatchShipmentBody extends CommandBody {
  @OptionalText(text('DHL'))
  carrier!: string | null;

  @OptionalText({ max: LIMITS.referenceCharacters, example: 'JD014600003828' })
  trackingNumber!: string | null;
}

export class StockReservedBody extends CommandBody {
  @OptionalText({
    max: LIMITS.referenceCharacters,
    description: "The warehouse's own name for it.",
    example: 'RES-77',
  })
  reference!: string | null;

  @OptionalLineQuantities('Not given: all that is not cancelled.')
  lines!: LineQuantityDto[] | null;
}

export class StockRejectedBody extends ReasonBody {
  @OptionalLineQuantities('Not given: all that is not cancelled.')
  lines!: LineQuantityDto[] | null;
}

export class LinesAndReasonBody extends ReasonBody {
  @LineQuantities('How many units of which lines.')
  lines!: LineQuantityDto[];
}

export class ReceiveReturnBody extends CommandBody {
  @OptionalLineQuantities('Not given: all that is still to come.')
  lines!: LineQuantityDto[] | null;
}
