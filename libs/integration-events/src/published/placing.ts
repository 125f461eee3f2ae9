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
    method: textOrNull('The shipping method.'),
    amountMinor: minor('The cost of shipping, without tax that comes on top.'),
    tax,
  },
  'The shipping that is charged; null: none.',
);

export const publishedPlacing: PublishedPart<PlacingEvent> = {
  OrderPlaced: publish(
    1,
    'An order was placed. This is the first message of every order.',
    {
      lines: list(line, 'The lines that were ordered.'),
      discounts: list(discount, 'The discounts given when the order was placed.'),
      surcharges: list(surcharge, 'The surcharges added when the order was placed.'),
      shipping,
      shippingRegion: regionOrNull('The country of the shipping address; null: no address was given.'),
      billingRegion: regionOrNull('The country of the billing address; null: no address was given.'),
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
