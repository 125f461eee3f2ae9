import { LIMITS } from '#domain/order/limits.js';
import { OptionalText, Text } from '#platform/http/fields.js';
import {
  CommandBody,
  OptionalLineQuantities,
  ReasonBody,
  LineQuantities,
  type LineQuantityDto,
} from './common.dto.js';

const carrier = (description: string) => ({ max: LIMITS.nameCharacters, description, example: 'DHL' });
const trackingNumber = (description: string) => ({
  max: LIMITS.referenceCharacters,
  description,
  example: 'JD014600003828',
});

export class CreateShipmentBody extends CommandBody {
  @OptionalText(carrier('Who carries the parcel.'))
  carrier!: string | null;

  @OptionalLineQuantities('The units to ship. If absent, all units that are left to ship.')
  lines!: LineQuantityDto[] | null;
}

export class DispatchShipmentBody extends CommandBody {
  @OptionalText(carrier('Who carries the parcel. If absent, the carrier that the shipment was created with.'))
  carrier!: string | null;

  @OptionalText(
    trackingNumber(
      "The carrier's own number of the parcel. If absent, the one that was given before; it can also be given later.",
    ),
  )
  trackingNumber!: string | null;
}

export class ChangeTrackingBody extends CommandBody {
  @OptionalText(carrier('Who carries the parcel. If absent, the carrier stays as it is.'))
  carrier!: string | null;

  @Text(trackingNumber("The carrier's own number of the parcel, from now on."))
  trackingNumber!: string;
}

export class StockReservedBody extends CommandBody {
  @OptionalText({
    max: LIMITS.referenceCharacters,
    description: "The warehouse's own name for the reservation.",
    example: 'RES-77',
  })
  reference!: string | null;

  @OptionalLineQuantities('The units that were set aside. If absent, all units that are not cancelled.')
  lines!: LineQuantityDto[] | null;
}

export class StockRejectedBody extends ReasonBody {
  @OptionalLineQuantities(
    'The units that the warehouse does not have. If absent, all units that are not cancelled.',
  )
  lines!: LineQuantityDto[] | null;
}

export class LinesAndReasonBody extends ReasonBody {
  @LineQuantities('The lines, and how many units of each.')
  lines!: LineQuantityDto[];
}

export class ReceiveReturnBody extends CommandBody {
  @OptionalLineQuantities(
    'The units that came back. If absent, all units of the return that have not come back yet.',
  )
  lines!: LineQuantityDto[] | null;
}
