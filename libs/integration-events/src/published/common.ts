import type { Discount, LineQuantity, OrderedLine, Region, Surcharge, Tax } from '#domain/order/content.js';
import { count, flag, id, idOrNull, list, minor, object, objectOrNull, text, textOrNull } from '../fields.js';

/** Fields that the facts of several events share, each with a function that makes its value. */

const taxFields = {
  rateBasisPoints: count('The rate in hundredths of a percent: 2000 is 20 %.'),
  amountMinor: minor('The tax on the whole line, or on shipping.'),
  inclusive: flag('Whether the price already holds it. If not, it comes on top.'),
};
export const tax = objectOrNull(taxFields, 'Tax as it was when priced; null: none was given.');
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
    lineId: id('Names the line within the order.'),
    sku: text('The article number.'),
    name: text('The name of the product when it was ordered.'),
    quantity: count('Units ordered.', 1),
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
    discountId: id('Names the discount within the order.'),
    code: textOrNull('The voucher or campaign code.'),
    description: textOrNull('What it is for.'),
    amountMinor: minor('What it takes off.'),
    lineId: idOrNull('The line that it is for; null: the whole order.'),
  },
  'A discount of a line or of the order.',
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
    surchargeId: id('Names the surcharge within the order.'),
    code: textOrNull('The code of its kind.'),
    description: textOrNull('What it is for.'),
    amountMinor: minor('What it adds.'),
  },
  'A surcharge of the order.',
);
export const surchargeOf = ({ surchargeId, code, description, amountMinor }: Surcharge) => ({
  surchargeId,
  code,
  description,
  amountMinor,
});

const regionFields = {
  country: textOrNull('ISO 3166-1 alpha-2; null where the name given has none.'),
  countryName: textOrNull('The country as it was given.'),
};
export const region = (description: string) => object(regionFields, description);
export const regionOrNull = (description: string) => objectOrNull(regionFields, description);
export const regionOf = ({ country, countryName }: Region) => ({ country, countryName });

export const units = (description: string) =>
  list(
    object({ lineId: id('The line.'), quantity: count('Units of it.', 1) }, 'Units of one line.'),
    description,
  );
export const unitsOf = (lines: readonly LineQuantity[]) =>
  lines.map(({ lineId, quantity }) => ({ lineId, quantity }));

export const reason = textOrNull(
  'Why, in the words of whoever said so; null: not said, or by the customer, whose words are not told.',
);
