import { LIMITS } from '#domain/order/limits.js';
import { MinorUnits, OneOf, Quantity, Uuid } from '#platform/http/fields.js';
import { ListOfKinds, NestedObject } from '#platform/http/list-fields.js';
import { CommandBody } from './common.dto.js';
import { AddressDto, EditDiscountDto, LineDto, SurchargeDto } from './content.dto.js';

const operation = { description: 'Which operation this is.' };

class AddLineDto {
  @OneOf(['addLine'], operation)
  op!: 'addLine';

  @NestedObject(LineDto, { description: 'The new line.' })
  line!: LineDto;
}

class RemoveLineDto {
  @OneOf(['removeLine'], operation)
  op!: 'removeLine';

  @Uuid({ description: 'The id of a line of this order.' })
  lineId!: string;
}

class ChangeLineQuantityDto {
  @OneOf(['changeLineQuantity'], operation)
  op!: 'changeLineQuantity';

  @Uuid({ description: 'The id of a line of this order.' })
  lineId!: string;

  @Quantity({ max: LIMITS.quantity, description: 'The new quantity of the line.', example: 3 })
  quantity!: number;

  @MinorUnits({
    min: 0,
    max: LIMITS.amountMinor,
    optional: true,
    description:
      "The tax on the whole line. If absent, it is computed from the line's rate and its amount before discounts.",
    example: 600,
  })
  taxAmountMinor!: number | null;
}

class ApplyDiscountDto {
  @OneOf(['applyDiscount'], operation)
  op!: 'applyDiscount';

  @NestedObject(EditDiscountDto, { description: 'The new discount.' })
  discount!: EditDiscountDto;
}

class RemoveDiscountDto {
  @OneOf(['removeDiscount'], operation)
  op!: 'removeDiscount';

  @Uuid({ description: 'The id of a discount of this order.' })
  discountId!: string;
}

class AddSurchargeDto {
  @OneOf(['addSurcharge'], operation)
  op!: 'addSurcharge';

  @NestedObject(SurchargeDto, { description: 'The new surcharge.' })
  surcharge!: SurchargeDto;
}

class ChangeShippingAddressDto {
  @OneOf(['changeShippingAddress'], operation)
  op!: 'changeShippingAddress';

  @NestedObject(AddressDto, { description: 'The whole new address.' })
  address!: AddressDto;
}

class ChangeBillingAddressDto {
  @OneOf(['changeBillingAddress'], operation)
  op!: 'changeBillingAddress';

  @NestedObject(AddressDto, { description: 'The whole new address.' })
  address!: AddressDto;
}

export type EditOperationDto =
  | AddLineDto
  | RemoveLineDto
  | ChangeLineQuantityDto
  | ApplyDiscountDto
  | RemoveDiscountDto
  | AddSurchargeDto
  | ChangeShippingAddressDto
  | ChangeBillingAddressDto;

export class EditOrderBody extends CommandBody {
  @ListOfKinds(
    'op',
    {
      addLine: AddLineDto,
      removeLine: RemoveLineDto,
      changeLineQuantity: ChangeLineQuantityDto,
      applyDiscount: ApplyDiscountDto,
      removeDiscount: RemoveDiscountDto,
      addSurcharge: AddSurchargeDto,
      changeShippingAddress: ChangeShippingAddressDto,
      changeBillingAddress: ChangeBillingAddressDto,
    },
    {
      min: 1,
      max: LIMITS.editOperations,
      description:
        'The operations are applied in this order, either all or none. Each sees the result of those before it, and has to leave no ' +
        'more lines, and no larger amounts, than an order may have.',
    },
  )
  operations!: EditOperationDto[];
}
