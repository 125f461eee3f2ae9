import { LIMITS } from '#domain/order/limits.js';
import { MinorUnits, OneOf, Quantity, Uuid } from '#platform/http/fields.js';
import { ListOfKinds, NestedObject } from '#platform/http/list-fields.js';
import { CommandBody } from './common.dto.js';
import { AddressDto, EditDiscountDto, LineDto, SurchargeDto } from './content.dto.js';

export class AddLineDto {
  @OneOf(['addLine'])
  op!: 'addLine';

  @NestedObject(LineDto)
  line!: LineDto;
}

export class RemoveLineDto {
  @OneOf(['removeLine'])
  op!: 'removeLine';

  @Uuid()
  lineId!: string;
}

export class ChangeLineQuantityDto {
  @OneOf(['changeLineQuantity'])
  op!: 'changeLineQuantity';

  @Uuid()
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

export class ApplyDiscountDto {
  @OneOf(['applyDiscount'])
  op!: 'applyDiscount';

  @NestedObject(EditDiscountDto)
  discount!: EditDiscountDto;
}

export class RemoveDiscountDto {
  @OneOf(['removeDiscount'])
  op!: 'removeDiscount';

  @Uuid()
  discountId!: string;
}

export class AddSurchargeDto {
  @OneOf(['addSurcharge'])
  op!: 'addSurcharge';

  @NestedObject(SurchargeDto)
  surcharge!: SurchargeDto;
}

export class ChangeShippingAddressDto {
  @OneOf(['changeShippingAddress'])
  op!: 'changeShippingAddress';

  @NestedObject(AddressDto)
  address!: AddressDto;
}

export class ChangeBillingAddressDto {
  @OneOf(['changeBillingAddress'])
  op!: 'changeBillingAddress';

  @NestedObject(AddressDto)
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
        'The operations are applied in this order, either all or none. Each sees the result of those before it.',
    },
  )
  operations!: EditOperationDto[];
}
