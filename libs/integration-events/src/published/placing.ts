import type { PlacingEvent } from '#domain/order/placing.js';
import { list, minor, objectOrNull, text, textOrNull, texts } from '../fields.js';
import {
  discount,
  discountOf,
  line,
  lineOf,
  regionOf,
  regionOrNull,
  surcharge,
  surchargeOf,
  tax,
  taxOf,
} from './common.js';
import { publish, type PublishedPart } from './publish.js';

const shipping = objectOrNull(
  {
    method: textOrNull('How it is to be sent.'),
    amountMinor: minor('What shipping costs, without tax on top.'),
    tax,
  },
  'Shipping; null: none is charged.',
);

export const publishedPlacing: PublishedPart<PlacingEvent> = {
  OrderPlaced: publish(
    1,
    'An order was placed. The first message of every order.',
    {
      lines: list(line, 'What was ordered.'),
      discounts: list(discount, 'Discounts given at once.'),
      surcharges: list(surcharge, 'Surcharges made at once.'),
      shipping,
      shippingRegion: regionOrNull('Where it goes, as far as that names no person; null: not given.'),
      billingRegion: regionOrNull('Where the bill goes, as far as that names no person; null: not given.'),
      attributes: texts('Names and values that the caller gave the order.'),
      tags: list(text('A tag.'), 'The tags of the order.'),
    },
    ({ data }) => ({
      lines: data.lines.map(lineOf),
      discounts: data.discounts.map(discountOf),
      surcharges: data.surcharges.map(surchargeOf),
      shipping:
        data.shipping === null
          ? null
          : {
              method: data.shipping.method,
              amountMinor: data.shipping.amountMinor,
              tax: taxOf(data.shipping.tax),
            },
      shippingRegion: data.shippingAddress === null ? null : regionOf(data.shippingAddress),
      billingRegion: data.billingAddress === null ? null : regionOf(data.billingAddress),
      attributes: data.attributes,
      tags: data.tags,
    }),
  ),
};
