import { LIMITS } from '#domain/order/limits.js';
import { CurrencyCode, Integer, OptionalText } from '#platform/http/fields.js';
import { ListOf, NestedObject, TextList, TextMap } from '#platform/http/list-fields.js';
import { attributeLimits, CommandBody } from './common.dto.js';
import { AddressDto, ContactDto, DiscountDto, LineDto, ShippingDto, SurchargeDto } from './content.dto.js';

class PlacedDiscountDto extends DiscountDto {
  @Integer({
    min: 0,
    max: LIMITS.lines - 1,
    optional: true,
    description: 'Index of a line in `lines`, from 0. If absent, the discount applies to the whole order.',
    example: 0,
  })
  lineIndex!: number | null;
}

export class PlaceOrderBody extends CommandBody {
  @OptionalText({
    max: LIMITS.referenceCharacters,
    description: "The caller's own name for the order; it need not be unique.",
    example: 'WEB-1001',
  })
  reference!: string | null;

  @OptionalText({
    max: LIMITS.referenceCharacters,
    description: "The caller's own id for the customer. If absent, it is a guest's order.",
    example: 'customer-17',
  })
  customerId!: string | null;

  @CurrencyCode({ description: 'The currency of every amount of the order.' })
  currency!: string;

  @ListOf(LineDto, { min: 1, max: LIMITS.lines, description: 'What is ordered.' })
  lines!: LineDto[];

  @ListOf(PlacedDiscountDto, {
    max: LIMITS.discounts,
    otherwise: [],
    description: 'Amounts taken off the order or one of its lines.',
  })
  discounts!: PlacedDiscountDto[];

  @ListOf(SurchargeDto, {
    max: LIMITS.surcharges,
    otherwise: [],
    description: 'Amounts added to the order.',
  })
  surcharges!: SurchargeDto[];

  @NestedObject(ShippingDto, { optional: true, description: 'How the order is shipped, and for how much.' })
  shipping!: ShippingDto | null;

  @NestedObject(AddressDto, { optional: true, description: 'Where the order is shipped to.' })
  shippingAddress!: AddressDto | null;

  @NestedObject(AddressDto, { optional: true, description: 'Where the bill goes.' })
  billingAddress!: AddressDto | null;

  @NestedObject(ContactDto, { optional: true, description: 'Whom to reach about the order.' })
  contact!: ContactDto | null;

  @TextMap({
    ...attributeLimits,
    otherwise: {},
    description: "The caller's own facts about the order, by name.",
    example: { channel: 'web' },
  })
  attributes!: Record<string, string>;

  @TextList({
    max: LIMITS.tags,
    itemMax: LIMITS.tagCharacters,
    otherwise: [],
    description: 'Words to find the order by.',
    example: ['gift'],
  })
  tags!: string[];
}
