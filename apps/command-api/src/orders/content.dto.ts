import type {
  AddressCountry,
  AddressLines,
  Contact,
  DiscountInput,
  LineInput,
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

const name = (description: string, example: string) => ({ max: LIMITS.nameCharacters, description, example });
const amount = (example: number) => ({ min: 0, max: LIMITS.amountMinor, example });

class TaxDto implements TaxInput {
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
  @Text({ max: LIMITS.skuCharacters, description: "The caller's own id of the product.", example: 'MUG-RED' })
  sku!: string;

  @Text({
    ...name(
      'The name of the product as it was sold: later changes of the product do not change it.',
      'Red mug',
    ),
  })
  name!: string;

  @Quantity({ max: LIMITS.quantity, description: 'The number of units ordered.', example: 2 })
  quantity!: number;

  @MinorUnits({
    ...amount(1_000),
    description: 'The price of one unit, in the smallest unit of the currency.',
  })
  unitPriceMinor!: number;

  @NestedObject(TaxDto, { optional: true, description: 'The tax on the whole line.' })
  tax!: TaxDto | null;
}

export class DiscountDto {
  @OptionalText(name('The code of the discount, as the shop knows it.', 'SPRING'))
  code!: string | null;

  @OptionalText(name('What the discount is for.', 'Spring sale'))
  description!: string | null;

  @MinorUnits({ ...amount(200), description: 'The amount taken off, in the smallest unit of the currency.' })
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
  @OptionalText(name('The code of the surcharge, as the shop knows it.', 'GIFT'))
  code!: string | null;

  @OptionalText(name('What the surcharge is for.', 'Gift wrapping'))
  description!: string | null;

  @MinorUnits({ ...amount(300), description: 'The amount added, in the smallest unit of the currency.' })
  amountMinor!: number;
}

export class ShippingDto implements ShippingInput {
  @OptionalText(name('How the order is shipped.', 'standard'))
  method!: string | null;

  @MinorUnits({ ...amount(495), description: 'The price of shipping, in the smallest unit of the currency.' })
  amountMinor!: number;

  @NestedObject(TaxDto, { optional: true, description: 'The tax on shipping.' })
  tax!: TaxDto | null;
}

export class AddressDto implements AddressCountry, AddressLines {
  @CountryCode({ description: 'An ISO 3166-1 alpha-2 code; null if the place has no code of its own.' })
  country!: string | null;

  @OptionalText(name('The country as the customer gave it.', 'Germany'))
  countryName!: string | null;

  @OptionalText(name('The name of the person.', 'Ada Example'))
  name!: string | null;

  @OptionalText(name('The company.', 'Example Ltd'))
  company!: string | null;

  @OptionalText(name('The first line: street and house number.', '1 Example Street'))
  line1!: string | null;

  @OptionalText(name('The second line.', 'Back yard'))
  line2!: string | null;

  @OptionalText(name('The town or city.', 'Berlin'))
  city!: string | null;

  @OptionalText(name('The state, province or county.', 'Berlin'))
  region!: string | null;

  @OptionalText(name('The postal code.', '10115'))
  postalCode!: string | null;
}

export class ContactDto implements Contact {
  @OptionalText(name('The name of the person.', 'Ada Example'))
  name!: string | null;

  @OptionalText({
    ...name('The e-mail address.', 'ada@example.com'),
    pattern: { regex: /^[^\s@]+@[^\s@]+$/, means: 'an e-mail address, such as ada@example.com' },
  })
  email!: string | null;

  @OptionalText(name('The phone number.', '+49 30 000000'))
  phone!: string | null;
}

/** Splits an address into the part that names no person and the part that does: events keep the two apart. */
export function splitAddress(address: AddressDto): { country: AddressCountry; lines: AddressLines } {
  const { country, countryName, ...lines } = address;
  return { country: { country, countryName }, lines };
}
