import type { EditEvent } from '#domain/order/edits.js';
import { count, id, minorOrNull } from '../fields.js';
import { discount, discountOf, line, lineOf, region, regionOf, surcharge, surchargeOf } from './common.js';
import { publish, type PublishedPart } from './publish.js';

export const publishedEdits: PublishedPart<EditEvent> = {
  LineAdded: publish(1, 'A line was added to the order.', { line }, ({ data }) => ({
    line: lineOf(data.line),
  })),
  LineRemoved: publish(
    1,
    'A line was removed from the order.',
    { lineId: id('The id of the line.') },
    ({ data: { lineId } }) => ({ lineId }),
  ),
  LineQuantityChanged: publish(
    1,
    'The ordered quantity of a line was changed.',
    {
      lineId: id('The id of the line.'),
      quantity: count('The number of units ordered from now on.', 1),
      taxAmountMinor: minorOrNull('The tax on the whole line from now on; null: the line has none.'),
    },
    ({ data: { lineId, quantity, taxAmountMinor } }) => ({ lineId, quantity, taxAmountMinor }),
  ),
  DiscountApplied: publish(1, 'A discount was given.', { discount }, ({ data }) => ({
    discount: discountOf(data.discount),
  })),
  DiscountRemoved: publish(
    1,
    'A discount was removed.',
    { discountId: id('The id of the discount.') },
    ({ data: { discountId } }) => ({ discountId }),
  ),
  SurchargeAdded: publish(1, 'A surcharge was added.', { surcharge }, ({ data }) => ({
    surcharge: surchargeOf(data.surcharge),
  })),
  ShippingAddressChanged: publish(
    1,
    'The shipping address was changed. The address itself is not published.',
    { shippingRegion: region('The country of the new shipping address.') },
    ({ data }) => ({ shippingRegion: regionOf(data.address) }),
  ),
  BillingAddressChanged: publish(
    1,
    'The billing address was changed. The address itself is not published.',
    { billingRegion: region('The country of the new billing address.') },
    ({ data }) => ({ billingRegion: regionOf(data.address) }),
  ),
};
