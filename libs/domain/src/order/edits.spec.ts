import { describe, expect, it } from '@jest/globals';
import { ERASED, type Draft } from '../decider.js';
import {
  addLine,
  addSurcharge,
  applyDiscount,
  changeLineQuantity,
  editOrder,
  removeDiscount,
  removeLine,
} from '../testing/commands.js';
import {
  britain,
  discount,
  discountApplied,
  discountRemoved,
  lamp,
  lineAdded,
  lineQuantityChanged,
  lineRemoved,
  linesCancelled,
  mug,
  orderCancelled,
  orderConfirmed,
  orderHeld,
  orderPlaced,
  returnRequested,
  sent,
  shipmentCreated,
  taxOnTop,
} from '../testing/events.js';
import { at, given, type Happened } from '../testing/given.js';
import type { AddressLines } from './content.js';
import type { EditOperation } from './edits.js';
import { LIMITS } from './limits.js';
import type { PlacingEvent } from './placing.js';
import { orderTotals } from './totals.js';

const both = orderPlaced({ lines: [mug(10), lamp(2)] });
const street: AddressLines = {
  name: 'Ann',
  company: null,
  line1: '1 High Street',
  line2: null,
  city: 'Leeds',
  region: null,
  postalCode: 'LS1',
};
const many = <T>(count: number, one: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => one(i));
const surchargeAdded = (surchargeId: string, amountMinor = 100): Happened => ({
  type: 'SurchargeAdded',
  data: { surcharge: { surchargeId, code: 'GIFT', description: 'gift wrap', amountMinor } },
});
const toShipping: EditOperation = { op: 'changeShippingAddress', address: britain };
const toBilling: EditOperation = { op: 'changeBillingAddress', address: britain };

describe('EditOrder', () => {
  it('takes its operations in order, each seeing those before it', () => {
    given(both)
      .when(
        editOrder([
          addLine(mug(1)),
          changeLineQuantity('new-0', 5),
          removeLine('mug'),
          applyDiscount(100, 'new-0'),
          addSurcharge(100),
        ]),
      )
      .then(
        lineAdded(mug(1, { lineId: 'new-0' })),
        lineQuantityChanged('new-0', 5),
        lineRemoved('mug'),
        discountApplied(100, 'new-0', 'new-3'),
        surchargeAdded('new-4'),
      );
  });

  it('applies all operations or none, and says which was wrong', () => {
    given(both)
      .when(editOrder([removeLine('lamp'), changeLineQuantity('lamp', 1)]))
      .thenRejected('line_not_found', { lineId: 'lamp', operation: 1 });
  });

  it('is open while placed or confirmed, also on hold', () => {
    const edit = editOrder([removeLine('lamp')]);
    given(both, orderConfirmed()).when(edit).then(lineRemoved('lamp'));
    given(both, orderHeld()).when(edit).then(lineRemoved('lamp'));
    given(both, orderCancelled()).when(edit).thenRejected('not_allowed_in_state');
    given(both, orderCancelled())
      .when(editOrder([removeLine('x')]))
      .thenRejected('not_allowed_in_state');
  });

  it('changes nothing when it is so already, also late and after the end', () => {
    given(both).when(editOrder([])).thenNothing();
    given(both, lineRemoved('lamp'), orderCancelled())
      .when(editOrder([removeLine('lamp')]))
      .thenNothing();
    const removed = [lineAdded(lamp(1, { lineId: 'other' })), lineRemoved('lamp'), lineRemoved('other')];
    given(both, ...removed)
      .when(editOrder([removeLine('lamp'), removeLine('other')]))
      .thenNothing();
    given(both)
      .when(editOrder([changeLineQuantity('mug', 10)]), { occurredAt: at('01:00') })
      .thenNothing();
    given(both)
      .when(editOrder([changeLineQuantity('mug', 5), changeLineQuantity('mug', 10)]))
      .thenNothing();
  });

  it('adds nothing twice under the same id', () => {
    const edit = editOrder([addLine(lamp(1)), applyDiscount(5), addSurcharge(100)]);
    const placed = orderPlaced();
    const after = [
      lineAdded(lamp(1, { lineId: 'new-0' })),
      discountApplied(5, null, 'new-1'),
      surchargeAdded('new-2'),
    ];
    given(placed)
      .when(edit)
      .then(...after);
    given(placed, ...after)
      .when(edit)
      .thenNothing();
    given(placed, ...after)
      .when(editOrder([addLine(lamp(2))]))
      .thenRejected('id_already_used', { operation: 0 });
    given(placed, ...after)
      .when(editOrder([applyDiscount(6)]), { newIds: ['new-1'] })
      .thenRejected('id_already_used');
    given(placed, ...after)
      .when(editOrder([addSurcharge(6)]), { newIds: ['new-2'] })
      .thenRejected('id_already_used');
    given(placed, discountApplied(5), discountRemoved())
      .when(editOrder([applyDiscount(5)]), { newIds: ['discount'] })
      .thenRejected('id_already_used', { id: 'discount' });
    given(placed)
      .when(editOrder([addLine(lamp(1)), addLine(mug(1))]), { newIds: ['a', 'a'] })
      .thenRejected('id_already_used', { operation: 1 });
  });

  it('does nothing again where a part of it was changed since', () => {
    const edit = editOrder([addSurcharge(100), changeLineQuantity('mug', 5)]);
    const done = [orderPlaced(), surchargeAdded('new-0'), lineQuantityChanged('mug', 5)];
    given(...done)
      .when(edit)
      .thenNothing();
    given(...done, lineQuantityChanged('mug', 7))
      .when(edit)
      .thenRejected('id_already_used', { id: 'new-0', operation: 0 });
    given(orderPlaced(), surchargeAdded('new-0'), surchargeAdded('new-1'))
      .when(editOrder([addSurcharge(100), addSurcharge(100), changeLineQuantity('mug', 5)]))
      .thenRejected('id_already_used', { id: 'new-0', operation: 0 });
  });

  it('says that it was done before, also where it would come to too much by now', () => {
    const edit = editOrder([addSurcharge(100), changeLineQuantity('mug', 1_000_000)]);
    given(
      orderPlaced(),
      surchargeAdded('new-0'),
      lineAdded(lamp(1, { unitPriceMinor: LIMITS.amountMinor - 1_000_000 })),
    )
      .when(edit)
      .thenRejected('id_already_used', { id: 'new-0', operation: 0 });
  });

  it('tells of nothing that is so already beside what changes', () => {
    given(orderPlaced({ lines: [mug(2, { tax: taxOnTop(400) })] }))
      .when(editOrder([changeLineQuantity('mug', 2, 400), addSurcharge(100)]))
      .then(surchargeAdded('new-1'));
  });

  it('takes 500 operations', () => {
    const edits = (count: number) => editOrder(many(count, () => addLine(lamp(1))));
    expect(given(orderPlaced()).when(edits(500)).order.lines).toHaveLength(501);
    given(orderPlaced()).when(edits(501)).thenRejected('too_many_items', { field: 'operations' });
  });
});

describe('A line', () => {
  it('is added with its tax worked out', () => {
    const taxed = mug(1, { unitPriceMinor: 999, tax: taxOnTop(200) });
    const input = editOrder([
      {
        op: 'addLine',
        line: {
          sku: 'mug',
          name: 'a mug',
          quantity: 1,
          unitPriceMinor: 999,
          tax: { rateBasisPoints: 2_000, amountMinor: null, inclusive: false },
        },
      },
    ]);
    given(orderPlaced())
      .when(input)
      .then(lineAdded({ ...taxed, lineId: 'new-0' }));
  });

  it('is removed with its own discounts', () => {
    given(both, discountApplied(100, 'lamp'), discountApplied(50, null, 'all'))
      .when(editOrder([removeLine('lamp')]))
      .then(discountRemoved(), lineRemoved('lamp'));
  });

  it('is not removed where it is unknown', () => {
    given(both)
      .when(editOrder([removeLine('x')]))
      .thenRejected('line_not_found', { lineId: 'x', operation: 0 });
  });

  it('stays while units of it are cancelled, shipped or in returns', () => {
    const edit = editOrder([removeLine('mug')]);
    given(both, linesCancelled([mug(1)]))
      .when(edit)
      .thenRejected('line_in_use', { lineId: 'mug' });
    given(both, orderConfirmed(), shipmentCreated({ lines: [mug(1)] }))
      .when(edit)
      .thenRejected('line_in_use');
    given(both, orderConfirmed(), ...sent(mug(1)), returnRequested([mug(1)]))
      .when(edit)
      .thenRejected('line_in_use');
  });

  it('cannot be removed when it is the last, nor added beyond the limit', () => {
    given(orderPlaced())
      .when(editOrder([removeLine('mug')]))
      .thenRejected('no_lines');
    given(orderPlaced())
      .when(editOrder([removeLine('mug'), addLine(lamp(1))]))
      .then(lineRemoved('mug'), lineAdded(lamp(1, { lineId: 'new-1' })));
    const full = orderPlaced({ lines: many(LIMITS.lines, (i) => mug(1, { lineId: `mug-${i}` })) });
    given(full)
      .when(editOrder([addLine(mug(1))]))
      .thenRejected('too_many_lines');
    given(full)
      .when(editOrder([addLine(lamp(1)), removeLine('mug-0')]))
      .thenRejected('too_many_lines', { limit: LIMITS.lines, operation: 0 });
    given(full)
      .when(editOrder([removeLine('mug-0'), addLine(lamp(1))]))
      .then(lineRemoved('mug-0'), lineAdded(lamp(1, { lineId: 'new-1' })));
  });

  it('changes its quantity, and its tax by its rate', () => {
    const taxed = orderPlaced({ lines: [mug(2, { tax: taxOnTop(400) })] });
    given(taxed)
      .when(editOrder([changeLineQuantity('mug', 3)]))
      .then(lineQuantityChanged('mug', 3, 600));
    given(taxed)
      .when(editOrder([changeLineQuantity('mug', 3, 1)]))
      .then(lineQuantityChanged('mug', 3, 1));
    given(taxed)
      .when(editOrder([changeLineQuantity('mug', 2, 1)]))
      .then(lineQuantityChanged('mug', 2, 1));
    given(taxed)
      .when(editOrder([changeLineQuantity('mug', 3, 400)]))
      .then(lineQuantityChanged('mug', 3, 400));
    given(orderPlaced({ lines: [mug(2, { tax: taxOnTop(0, 0) })] }))
      .when(editOrder([changeLineQuantity('mug', 3)]))
      .then(lineQuantityChanged('mug', 3, 0));
    given(taxed)
      .when(editOrder([changeLineQuantity('mug', 2, 400)]))
      .thenNothing();
    given(taxed, lineQuantityChanged('mug', 2, 1))
      .when(editOrder([changeLineQuantity('mug', 2)]))
      .thenNothing();
    expect(given(taxed, lineQuantityChanged('mug', 3, 600)).order.lines[0]).toMatchObject({
      quantity: 3,
      tax: taxOnTop(600),
    });
    expect(given(orderPlaced(), lineQuantityChanged('mug', 3)).order.lines[0]).toMatchObject({
      quantity: 3,
      tax: null,
    });
  });

  it('never falls below its cancelled and shipped units', () => {
    const history = [both, orderConfirmed(), linesCancelled([mug(2)]), shipmentCreated({ lines: [mug(3)] })];
    given(...history)
      .when(editOrder([changeLineQuantity('mug', 4)]))
      .thenRejected('quantity_below_committed', { lineId: 'mug', committed: 5 });
    given(...history)
      .when(editOrder([changeLineQuantity('mug', 5)]))
      .then(lineQuantityChanged('mug', 5));
  });

  it('is refused out of range', () => {
    const { when } = given(both);
    when(editOrder([changeLineQuantity('mug', 0)])).thenRejected('quantity_out_of_range', {
      field: 'operations/0/quantity',
      limit: LIMITS.quantity,
    });
    when(editOrder([changeLineQuantity('mug', LIMITS.quantity + 1)])).thenRejected('quantity_out_of_range');
    when(editOrder([changeLineQuantity('mug', 3, 1)])).thenRejected('amount_out_of_range', {
      field: 'operations/0/taxAmountMinor',
      limit: 0,
    });
    when(editOrder([changeLineQuantity('x', 3)])).thenRejected('line_not_found');
    when(editOrder([addLine(mug(0))])).thenRejected('quantity_out_of_range', {
      field: 'operations/0/line/quantity',
    });
    when(editOrder([addLine(mug(1, { unitPriceMinor: LIMITS.amountMinor }))])).thenRejected(
      'total_out_of_range',
    );
    const [tooMany, few] = [changeLineQuantity('mug', 1_000_000), changeLineQuantity('mug', 3)];
    given(orderPlaced({ lines: [mug(1, { unitPriceMinor: LIMITS.amountMinor / 10 })] }))
      .when(editOrder([addSurcharge(1), tooMany, few]))
      .thenRejected('total_out_of_range', { limit: LIMITS.amountMinor, operation: 1 });
    given(orderPlaced({ lines: [mug(2, { tax: taxOnTop(400) })] }))
      .when(editOrder([changeLineQuantity('mug', 2, -1)]))
      .thenRejected('amount_out_of_range', { field: 'operations/0/taxAmountMinor' });
    given(orderPlaced({ lines: [mug(2, { tax: { ...taxOnTop(400), inclusive: true } })] }))
      .when(editOrder([changeLineQuantity('mug', 2, 1_000_000)]))
      .thenRejected('amount_out_of_range', { field: 'operations/0/taxAmountMinor' });
  });
});

describe('Discounts and surcharges', () => {
  it('are applied and removed', () => {
    given(both)
      .when(editOrder([applyDiscount(100)]))
      .then(discountApplied(100, null, 'new-0'));
    given(both, discountApplied(100))
      .when(editOrder([removeDiscount()]))
      .then(discountRemoved());
    given(both, discountApplied(100), discountRemoved())
      .when(editOrder([removeDiscount()]))
      .thenNothing();
    expect(orderTotals(given(both, discountApplied(100), surchargeAdded('s')).order)).toMatchObject({
      discountsMinor: 100,
      surchargesMinor: 100,
      orderedTotalMinor: 12_000,
    });
  });

  it('never pass the lines they are on, once the whole edit is done', () => {
    const code = 'discount_exceeds_lines';
    given(both)
      .when(editOrder([applyDiscount(12_001)]))
      .thenRejected(code);
    given(both)
      .when(editOrder([applyDiscount(2_001, 'lamp')]))
      .thenRejected(code, { lineId: 'lamp' });
    given(both, discountApplied(2_000, 'lamp'))
      .when(editOrder([changeLineQuantity('lamp', 1)]))
      .thenRejected(code, { lineId: 'lamp' });
    given(both)
      .when(editOrder([applyDiscount(2_001, 'lamp'), changeLineQuantity('lamp', 3)]))
      .then(discountApplied(2_001, 'lamp', 'new-0'), lineQuantityChanged('lamp', 3));
  });

  it('are nobody’s share while an edit has left only lines that cost nothing', () => {
    const gift = lamp(1, { unitPriceMinor: 0 });
    const left = [
      orderPlaced({ lines: [mug(1), gift], discounts: [discount(500)] }),
      linesCancelled([{ lineId: 'lamp', quantity: 1 }]),
    ];
    given(...left)
      .when(editOrder([removeLine('mug'), addLine(mug(2))]))
      .then(lineRemoved('mug'), lineAdded(mug(2, { lineId: 'new-1' })));
    const { order } = given(...left, lineRemoved('mug'));
    expect(orderTotals(order)).toMatchObject({ linesMinor: 0, orderedTotalMinor: -500, totalMinor: 0 });
  });

  it('are refused for unknown lines, unknown, negative, too many', () => {
    given(both)
      .when(editOrder([applyDiscount(1, 'x')]))
      .thenRejected('line_not_found', { operation: 0 });
    given(both)
      .when(editOrder([removeDiscount()]))
      .thenRejected('discount_not_found', { discountId: 'discount' });
    given(both)
      .when(editOrder([applyDiscount(-1)]))
      .thenRejected('amount_out_of_range');
    given(both)
      .when(editOrder([addSurcharge(-1)]))
      .thenRejected('amount_out_of_range');
    const discounts = orderPlaced({ discounts: many(100, (i) => discount(0, null, `d${i}`)) });
    given(discounts)
      .when(editOrder([applyDiscount(0)]))
      .thenRejected('too_many_items', { field: 'discounts' });
    given(both)
      .when(editOrder(many(101, () => addSurcharge(0))))
      .thenRejected('too_many_items', { field: 'surcharges' });
  });
});

describe('Addresses', () => {
  const changed = (type: 'ShippingAddressChanged' | 'BillingAddressChanged'): Happened => ({
    type,
    data: { address: britain },
    personal: { address: street },
  });

  it('change, each with its lines kept apart', () => {
    given(both)
      .when(editOrder([toShipping, toBilling], [street, street]))
      .then(changed('ShippingAddressChanged'), changed('BillingAddressChanged'));
    const { order } = given(both, changed('ShippingAddressChanged'), changed('BillingAddressChanged'));
    expect(order).toMatchObject({
      billingAddress: britain,
      personal: { shippingAddress: street, billingAddress: street },
    });
  });

  it('change their country too', () => {
    const france = { country: 'FR', countryName: null };
    const { order } = given(both).when(
      editOrder(
        [
          { op: 'changeShippingAddress', address: france },
          { op: 'changeBillingAddress', address: { country: null, countryName: 'Elsewhere' } },
        ],
        [street, street],
      ),
    );
    expect(order).toMatchObject({
      shippingAddress: france,
      billingAddress: { country: null, countryName: 'Elsewhere' },
    });
  });

  it('change nothing when they are so already', () => {
    const { when } = given(both, changed('ShippingAddressChanged'), changed('BillingAddressChanged'));
    when(editOrder([toShipping, toBilling], [street, street])).thenNothing();
    when(editOrder([toShipping, toBilling, addSurcharge(100)], [street, street, null])).then(
      surchargeAdded('new-2'),
    );
    when(editOrder([toBilling], [{ ...street, line2: 'attic' }])).then({
      type: 'BillingAddressChanged',
      data: { address: britain },
      personal: { address: { ...street, line2: 'attic' } },
    });
  });

  it('have no lines when none are given', () => {
    const { order } = given(both).when(editOrder([toBilling]));
    const nothing = Object.fromEntries(Object.keys(street).map((name) => [name, null]));
    expect(order.personal).toMatchObject({ billingAddress: nothing });
  });

  it('stay erased', () => {
    const erased: Happened = { ...(both as Draft<PlacingEvent>), personal: ERASED };
    expect(given(erased, changed('ShippingAddressChanged')).order.personal).toBe(ERASED);
    expect(given(erased, changed('BillingAddressChanged')).order.personal).toBe(ERASED);
  });

  it('are refused with a country that is none, and with long lines', () => {
    given(both)
      .when(editOrder([{ op: 'changeShippingAddress', address: { country: 'GBR', countryName: null } }]))
      .thenRejected('invalid_country', { operation: 0 });
    given(both)
      .when(editOrder([toBilling], [{ ...street, city: 'x'.repeat(201) }]))
      .thenRejected('text_too_long', { field: 'operations/0/address/city' });
  });
});
