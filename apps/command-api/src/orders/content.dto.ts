import type {
  AddressLines,
  Contact,
  DiscountInput,
  LineInput,
  Region,
  ShippingInput,
  SurchargeInput,
  TaxInput,
} from '#domain/order/content.js';
import { LIMITS } from '#domain/order/limits.js';
import {
  BasisPoints,
  CountryCode,
  Flag,
  MinorUnits,
  OptionalText,
  Quantity,
  Text,
  Uuid,
} from '#platform/http/fields.js';
import { NestedObject } from '#platform/http/list-fields.js';

const name = (example: string) => ({ max: LIMITS.nameCharacters, example });
const amount = (example: number) => ({ min: 0, max: LIMITS.amountMinor, example });

export class TaxDto implements TaxInput {
  @BasisPoints({ max: LIMITS.taxRateBasisPoints, example: 2_000 })
  rateBasisPoints!: number;

  @MinorUnits({
    ...amount(400),
    optional: true,
    description:
      'If absent, it is computed from the rate and the amount before discounts, rounded half to even.',
  })
  amountMinor!: number | null;

  @Flag({ description: 'Whether the price already includes the tax.', example: true })
  inclusive!: boolean;
}

export class LineDto implements LineInput {
  @Text({ max: LIMITS.skuCharacters, example: 'MUG-RED' })
  sku!: string;

  @Text({
    ...name('Red mug'),
    description: 'The name of the product as it was sold: later changes of the product do not change it.',
  })
  name!: string;

  @Quantity({ max: LIMITS.quantity, example: 2 })
  quantity!: number;

  @MinorUnits(amount(1_000))
  unitPriceMinor!: number;

  @NestedObject(TaxDto, { optional: true, description: 'The tax on the whole line.' })
  tax!: TaxDto | null;
}

export class DiscountDto {
  @OptionalText(name('SPRING'))
  code!: string | null;

  @OptionalText(name('Spring sale'))
  description!: string | null;

  @MinorUnits(amount(200))
  amountMinor!: number;
}

export class EditDiscountDto extends DiscountDto implements DiscountInput {
  @Uuid({
    optional: true,
    description: 'The line that the discount applies to. If absent, it applies to the whole order.',
  })
  lineId!: string | null;
}

export class SurchargeDto implements SurchargeInput {
  @OptionalText(name('GIFT'))
  code!: string | null;

  @OptionalText(name('Gift wrapping'))
  description!: string | null;

  @MinorUnits(amount(300))
  amountMinor!: number;
}

export class ShippingDto implements ShippingInput {
  @OptionalText(name('standard'))
  method!: string | null;

  @MinorUnits(amount(495))
  amountMinor!: number;

  @NestedObject(TaxDto, { optional: true })
  tax!: TaxDto | null;
}

export class AddressDto implements Region, AddressLines {
  @CountryCode({ description: 'An ISO 3166-1 alpha-2 code; null if the place has no code of its own.' })
  country!: string | null;

  @OptionalText({ ...name('Germany'), description: 'The country as the customer gave it.' })
  countryName!: string | null;

  @OptionalText(name('Ada Example'))
  name!: string | null;

  @OptionalText(name('Example Ltd'))
  company!: string | null;

  @OptionalText(name('1 Example Street'))
  line1!: string | null;

  @OptionalText(name('Back yard'))
  line2!: string | null;

  @OptionalText(name('Berlin'))
  city!: string | null;

  @OptionalText(name('Berlin'))
  region!: string | null;

  @OptionalText(name('10115'))
  postalCode!: string | null;
}

export class ContactDto implements Contact {
  @OptionalText(name('Ada Example'))
  name!: string | null;

  @OptionalText({ ...name('ada@example.com'), pattern: /^[^\s@]+@[^\s@]+$/ })
  email!: string | null;

  @OptionalText(name('+49 30 000000'))
  phone!: string | null;
}

/** Splits an address into the part that names no person and the part that does: events keep the two apart. */
export function splitAddress(address: AddressDto): { region: Region; lines: AddressLines } {
  const { country, countryName, ...lines } = address;
  return { region: { country, countryName }, lines };
}
