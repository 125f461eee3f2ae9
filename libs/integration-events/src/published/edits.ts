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
    'A line was taken out of the order.',
    { lineId: id('The line.') },
    ({ data: { lineId } }) => ({ lineId }),
  ),
  LineQuantityChanged: publish(
    1,
    'Another number of units of a line is ordered.',
    {
      lineId: id('The line.'),
      quantity: count('Units ordered from now on.', 1),
      taxAmountMinor: minorOrNull('The tax on the whole line from now on; null: the line has none.'),
    },
    ({ data: { lineId, quantity, taxAmountMinor } }) => ({ lineId, quantity, taxAmountMinor }),
  ),
  DiscountApplied: publish(1, 'A discount was given.', { discount }, ({ data }) => ({
    discount: discountOf(data.discount),
  })),
  DiscountRemoved: publish(
    1,
    'A discount was taken back.',
    { discountId: id('The discount.') },
    ({ data: { discountId } }) => ({ discountId }),
  ),
  SurchargeAdded: publish(1, 'A surcharge was made.', { surcharge }, ({ data }) => ({
    surcharge: surchargeOf(data.surcharge),
  })),
  ShippingAddressChanged: publish(
    1,
    'The order goes to another address. The address itself is not published.',
    { shippingRegion: region('Where it goes now, as far as that names no person.') },
    ({ data }) => ({ shippingRegion: regionOf(data.address) }),
  ),
  BillingAddressChanged: publish(
    1,
    'The bill goes to another address. The address itself is not published.',
    { billingRegion: region('Where the bill goes now, as far as that names no person.') },
    ({ data }) => ({ billingRegion: regionOf(data.address) }),
  ),
};
