import type {
  AddressCountry,
  Discount,
  LineQuantity,
  OrderedLine,
  Surcharge,
  Tax,
} from '#domain/order/content.js';
import { count, flag, id, idOrNull, list, minor, object, objectOrNull, text, textOrNull } from '../fields.js';

/** Fields that the facts of several events share, each with a function that makes its value. */

const taxFields = {
  rateBasisPoints: count('The rate in hundredths of a percent: 2000 is 20 %.'),
  amountMinor: minor('The tax on the whole line, or on shipping.'),
  inclusive: flag('Whether the price already includes the tax. If not, the tax comes on top.'),
};
export const tax = objectOrNull(
  taxFields,
  'The tax as it was when the price was given; null: no tax was given.',
);
export const taxOf = (given: Tax | null) =>
  given === null
    ? null
    : {
        rateBasisPoints: given.rateBasisPoints,
        amountMinor: given.amountMinor,
        inclusive: given.inclusive,
      };

export const line = object(
  {
    lineId: id('The id of the line within the order.'),
    sku: text('The article number.'),
    name: text('The name of the product when it was ordered.'),
    quantity: count('The number of units ordered.', 1),
    unitPriceMinor: minor('The price of one unit.'),
    tax,
  },
  'A line of the order, as it was when ordered.',
);
export const lineOf = ({ lineId, sku, name, quantity, unitPriceMinor, tax }: OrderedLine) => ({
  lineId,
  sku,
  name,
  quantity,
  unitPriceMinor,
  tax: taxOf(tax),
});

export const discount = object(
  {
    discountId: id('The id of the discount within the order.'),
    code: textOrNull('The voucher or campaign code.'),
    description: textOrNull('What the discount is for.'),
    amountMinor: minor('The amount that it takes off.'),
    lineId: idOrNull('The line that it applies to; null: it applies to the whole order.'),
  },
  'A discount on a line or on the whole order.',
);
export const discountOf = ({ discountId, code, description, amountMinor, lineId }: Discount) => ({
  discountId,
  code,
  description,
  amountMinor,
  lineId,
});

export const surcharge = object(
  {
    surchargeId: id('The id of the surcharge within the order.'),
    code: textOrNull('The code of this kind of surcharge.'),
    description: textOrNull('What the surcharge is for.'),
    amountMinor: minor('The amount that it adds.'),
  },
  'A surcharge on the order.',
);
export const surchargeOf = ({ surchargeId, code, description, amountMinor }: Surcharge) => ({
  surchargeId,
  code,
  description,
  amountMinor,
});

const regionFields = {
  country: textOrNull('The ISO 3166-1 alpha-2 code of the country; null if it has none.'),
  countryName: textOrNull('The name of the country as it was given.'),
};
export const region = (description: string) => object(regionFields, description);
export const regionOrNull = (description: string) => objectOrNull(regionFields, description);
export const regionOf = ({ country, countryName }: AddressCountry) => ({ country, countryName });

export const units = (description: string) =>
  list(
    object(
      { lineId: id('The id of the line.'), quantity: count('The number of units of the line.', 1) },
      'Units of one line.',
    ),
    description,
  );
export const unitsOf = (lines: readonly LineQuantity[]) =>
  lines.map(({ lineId, quantity }) => ({ lineId, quantity }));

export const reason = textOrNull(
  'The reason, in the words of whoever gave it; null: none was given, or a customer gave it, whose words are not published.',
);
