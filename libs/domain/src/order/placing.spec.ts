import { describe, expect, it } from '@jest/globals';
import { ERASED, type Draft } from '../decider.js';
import { confirmOrder, input, placeOrder } from '../testing/commands.js';
import { lamp, lineQuantityChanged, mug, orderConfirmed, orderId, orderPlaced } from '../testing/events.js';
import { at, given, type Happened } from '../testing/given.js';
import type { TaxInput } from './content.js';
import { LIMITS } from './limits.js';
import type { PlacingEvent } from './placing.js';
import { orderTotals } from './totals.js';

const taxed = (tax: TaxInput, quantity = 1, unitPriceMinor = 999) => ({
  ...input(mug(quantity, { unitPriceMinor })),
  tax,
});
const text = (characters: number) => 'x'.repeat(characters);
const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);
const surcharge = (amountMinor: number) => ({ code: 'GIFT', description: null, amountMinor });
const discount = (amountMinor: number, lineIndex: number | null = null) => ({
  ...surcharge(amountMinor),
  lineIndex,
});
const nobody = { name: null, email: null, phone: null };
const nowhere = {
  ...{ name: null, company: null, line1: null, line2: null },
  ...{ city: null, region: null, postalCode: null },
};

describe('PlaceOrder', () => {
  it('makes an order with ids for all that is in it, and a number to say aloud', () => {
    given()
      .when(
        placeOrder(
          {
            lines: [input(mug(2)), input(lamp(1))],
            discounts: [discount(100, 1), discount(50)],
            surcharges: [surcharge(200), surcharge(300)],
            shipping: {
              method: 'post',
              amountMinor: 500,
              tax: { rateBasisPoints: 2_000, amountMinor: null, inclusive: false },
            },
            attributes: { channel: 'web' },
            tags: ['vip', 'vip', 'new'],
          },
          { contact: { ...nobody, email: 'ann@example.com' } },
        ),
      )
      .then(
        orderPlaced(
          {
            lines: [mug(2, { lineId: 'new-0' }), lamp(1, { lineId: 'new-1' })],
            discounts: [
              { discountId: 'new-2', code: 'GIFT', description: null, amountMinor: 100, lineId: 'new-1' },
              { discountId: 'new-3', code: 'GIFT', description: null, amountMinor: 50, lineId: null },
            ],
            surcharges: [
              { surchargeId: 'new-4', ...surcharge(200) },
              { surchargeId: 'new-5', ...surcharge(300) },
            ],
            shipping: {
              method: 'post',
              amountMinor: 500,
              tax: { rateBasisPoints: 2_000, amountMinor: 100, inclusive: false },
            },
            attributes: { channel: 'web' },
            tags: ['vip', 'new'],
          },
          { contact: { ...nobody, email: 'ann@example.com' } },
        ),
      );
  });

  it.each([
    ['on top, from the rate', { rateBasisPoints: 2_000, amountMinor: null, inclusive: false }, 200],
    ['inside, from the rate', { rateBasisPoints: 2_000, amountMinor: null, inclusive: true }, 166],
    ['as given', { rateBasisPoints: 2_000, amountMinor: 3, inclusive: false }, 3],
    ['all of the price at most, inside', { rateBasisPoints: 2_000, amountMinor: 999, inclusive: true }, 999],
  ])('works out tax %s', (_, tax, amountMinor) => {
    const { order } = given().when(placeOrder({ lines: [taxed(tax)] }));
    expect(order.lines[0]!.tax).toEqual({ ...tax, amountMinor });
  });

  it('is the same order when asked again', () => {
    const command = placeOrder({ lines: [input(mug(10))] });
    const newIds = { newIds: ['mug'] };
    given(orderPlaced()).when(command, newIds).thenNothing();
    given(orderPlaced(), orderConfirmed()).when(command, newIds).thenNothing();
    given(orderPlaced())
      .when(command, { ...newIds, occurredAt: at('01:00') })
      .thenNothing();
  });

  it('is refused with other content for an order that is placed already', () => {
    const again = { newIds: ['mug'] };
    given(orderPlaced())
      .when(placeOrder({ lines: [input(mug(11))] }), again)
      .thenRejected('order_already_placed');
    given(orderPlaced())
      .when(placeOrder({ reference: 'x' }), again)
      .thenRejected('order_already_placed', { orderId });
    given(orderPlaced())
      .when(placeOrder({ lines: [] }), again)
      .thenRejected('order_already_placed');
    given(orderPlaced())
      .when(placeOrder({}, { contact: nobody }), again)
      .thenRejected('order_already_placed');
    given(orderPlaced(), lineQuantityChanged('mug', 11))
      .when(placeOrder(), again)
      .thenRejected('order_already_placed');
    const two = { newIds: ['mug', 'lamp'] };
    const [mugs, lamps] = [input(mug(10)), input(lamp(1))];
    given(orderPlaced())
      .when(placeOrder({ lines: [mugs, lamps] }), two)
      .thenRejected('order_already_placed');
    const both = given(orderPlaced({ lines: [mug(10), lamp(1)] }));
    both.when(placeOrder({ lines: [mugs, lamps] }), two).thenNothing();
    both.when(placeOrder({ lines: [mugs] }), two).thenRejected('order_already_placed');
    both.when(placeOrder({ lines: [mugs, input(lamp(2))] }), two).thenRejected('order_already_placed');
  });

  it('knows an erased order by what is left of it', () => {
    const erased: Happened = { ...(orderPlaced() as Draft<PlacingEvent>), personal: ERASED };
    given(erased)
      .when(placeOrder({}, { contact: nobody }), { newIds: ['mug'] })
      .thenNothing();
  });

  it('takes amounts up to their limits', () => {
    const { order } = given().when(
      placeOrder({
        lines: [{ ...input(mug(LIMITS.quantity)), unitPriceMinor: LIMITS.amountMinor / LIMITS.quantity }],
        discounts: [discount(LIMITS.amountMinor)],
      }),
    );
    expect(orderTotals(order)).toMatchObject({ linesMinor: LIMITS.amountMinor, orderedTotalMinor: 0 });
  });

  it('takes tax at the highest rate, and inside of the highest price, which it is a part of', () => {
    const rateBasisPoints = LIMITS.taxRateBasisPoints;
    const high = { rateBasisPoints, amountMinor: null, inclusive: true };
    const { order } = given().when(placeOrder({ lines: [taxed(high, 1, LIMITS.amountMinor)] }));
    expect(orderTotals(order).orderedTotalMinor).toBe(LIMITS.amountMinor);
  });

  it('holds 2,000 lines', () => {
    expect(given().when(placeOrder({ lines: many(LIMITS.lines, input(mug(1))) })).order.lines).toHaveLength(
      2_000,
    );
  });

  it.each([
    ['no lines', { lines: [] }, 'no_lines'],
    ['2,001 lines', { lines: many(LIMITS.lines + 1, input(mug(1))) }, 'too_many_lines'],
    ['a test currency', { currency: 'XTS' }, 'invalid_currency'],
    ['a country by name', { shippingAddress: { country: 'UK ', countryName: null } }, 'invalid_country'],
    [
      'a country in small letters',
      { billingAddress: { country: 'gb', countryName: null } },
      'invalid_country',
    ],
    ['no units', { lines: [input(mug(0))] }, 'quantity_out_of_range'],
    [
      'too many units',
      { lines: [input(mug(LIMITS.quantity + 1, { unitPriceMinor: 1 }))] },
      'quantity_out_of_range',
    ],
    ['half a unit', { lines: [input(mug(0.5))] }, 'quantity_out_of_range'],
    ['a unit and a half', { lines: [input(mug(1.5))] }, 'quantity_out_of_range'],
    ['a negative price', { lines: [input(mug(1, { unitPriceMinor: -1 }))] }, 'amount_out_of_range'],
    [
      'too high a price',
      { lines: [input(mug(1, { unitPriceMinor: LIMITS.amountMinor + 1 }))] },
      'amount_out_of_range',
    ],
    ['half a penny', { lines: [input(mug(1, { unitPriceMinor: 0.5 }))] }, 'amount_out_of_range'],
    [
      'a negative rate',
      { lines: [taxed({ rateBasisPoints: -1, amountMinor: null, inclusive: true })] },
      'amount_out_of_range',
    ],
    [
      'half a basis point',
      { lines: [taxed({ rateBasisPoints: 0.5, amountMinor: null, inclusive: true })] },
      'amount_out_of_range',
    ],
    [
      'too high a rate',
      { lines: [taxed({ rateBasisPoints: 100_001, amountMinor: null, inclusive: true })] },
      'amount_out_of_range',
    ],
    [
      'negative tax',
      { lines: [taxed({ rateBasisPoints: 0, amountMinor: -1, inclusive: false })] },
      'amount_out_of_range',
    ],
    [
      'more tax inside than the price',
      { lines: [taxed({ rateBasisPoints: 0, amountMinor: 1_000, inclusive: true })] },
      'amount_out_of_range',
    ],
    ['negative shipping', { shipping: { method: null, amountMinor: -1, tax: null } }, 'amount_out_of_range'],
    [
      'more tax inside than shipping',
      {
        shipping: {
          method: null,
          amountMinor: 5,
          tax: { rateBasisPoints: 0, amountMinor: 6, inclusive: true },
        },
      },
      'amount_out_of_range',
    ],
    ['a negative discount', { discounts: [discount(-1)] }, 'amount_out_of_range'],
    ['a negative surcharge', { surcharges: [surcharge(-1)] }, 'amount_out_of_range'],
    [
      'a line above the limit',
      { lines: [input(mug(LIMITS.quantity, { unitPriceMinor: LIMITS.amountMinor }))] },
      'total_out_of_range',
    ],
    [
      'a taxed line above the limit',
      { lines: [taxed({ rateBasisPoints: 1, amountMinor: null, inclusive: true }, 2, LIMITS.amountMinor)] },
      'total_out_of_range',
    ],
    [
      'a line above the limit, with more tax than any amount may be',
      {
        lines: [
          taxed({ rateBasisPoints: 100_000, amountMinor: null, inclusive: false }, 2, LIMITS.amountMinor),
        ],
      },
      'total_out_of_range',
    ],
    [
      'a total above the limit',
      {
        lines: [input(mug(1, { unitPriceMinor: LIMITS.amountMinor }))],
        discounts: [discount(500)],
        surcharges: [surcharge(1)],
      },
      'total_out_of_range',
    ],
    [
      'tax on top above the limit',
      { lines: [taxed({ rateBasisPoints: 0, amountMinor: 1, inclusive: false }, 1, LIMITS.amountMinor)] },
      'total_out_of_range',
    ],
    [
      'shipping above the limit',
      {
        lines: [input(mug(1, { unitPriceMinor: LIMITS.amountMinor }))],
        shipping: { method: null, amountMinor: 1, tax: null },
      },
      'total_out_of_range',
    ],
    [
      'tax on top of shipping above the limit',
      {
        lines: [input(mug(1, { unitPriceMinor: LIMITS.amountMinor - 1 }))],
        shipping: {
          method: null,
          amountMinor: 1,
          tax: { rateBasisPoints: 0, amountMinor: 1, inclusive: false },
        },
      },
      'total_out_of_range',
    ],
    ['a discount of an unknown line', { discounts: [discount(1, 1)] }, 'line_index_out_of_range'],
    ['discounts above the lines', { discounts: [discount(10_001)] }, 'discount_exceeds_lines'],
    [
      'a discount above its line',
      { lines: [input(mug(1)), input(lamp(1))], discounts: [discount(1_001, 0)] },
      'discount_exceeds_lines',
    ],
    [
      'a line discounted twice',
      { lines: [input(mug(1)), input(lamp(1))], discounts: [discount(900, 0), discount(202)] },
      'discount_exceeds_lines',
    ],
    [
      'a discount of nothing',
      { lines: [input(mug(1, { unitPriceMinor: 0 }))], discounts: [discount(1)] },
      'discount_exceeds_lines',
    ],
    ['101 discounts', { discounts: many(101, discount(0)) }, 'too_many_items'],
    ['101 surcharges', { surcharges: many(101, surcharge(0)) }, 'too_many_items'],
    [
      '21 attributes',
      { attributes: Object.fromEntries(many(21, '').map((_, i) => [`a${i}`, ''])) },
      'too_many_items',
    ],
    ['51 tags', { tags: many(51, 'x') }, 'too_many_items'],
    ['a long SKU', { lines: [input(mug(1, { sku: text(101) }))] }, 'text_too_long'],
    ['a long name', { lines: [input(mug(1, { name: text(201) }))] }, 'text_too_long'],
    ['a long reference', { reference: text(101) }, 'text_too_long'],
    ['a long customer', { customerId: text(101) }, 'text_too_long'],
    ['a long attribute key', { attributes: { [text(51)]: '' } }, 'text_too_long'],
    ['a long attribute', { attributes: { a: text(501) } }, 'text_too_long'],
    ['a long attribute after another', { attributes: { a: '', b: text(501) } }, 'text_too_long'],
    ['a long tag', { tags: [text(51)] }, 'text_too_long'],
    [
      'a long shipping method',
      { shipping: { method: text(201), amountMinor: 0, tax: null } },
      'text_too_long',
    ],
    ['a long discount code', { discounts: [{ ...discount(0), code: text(201) }] }, 'text_too_long'],
    ['a long description', { surcharges: [{ ...surcharge(0), description: text(201) }] }, 'text_too_long'],
    ['a long country', { shippingAddress: { country: null, countryName: text(201) } }, 'text_too_long'],
  ] as const)('is refused with %s', (_, data, code) => {
    given().when(placeOrder(data)).thenRejected(code);
  });

  it('takes each text and list at its limit, counted as people count', () => {
    const full = placeOrder(
      {
        lines: [input(mug(1, { sku: text(100), name: '🫖'.repeat(200) }))],
        reference: text(100),
        customerId: text(100),
        attributes: Object.fromEntries(many(20, '').map((_, i) => [String(i).padStart(50, 'a'), text(500)])),
        tags: many(50, '').map((_, i) => String(i).padStart(50, 't')),
        discounts: many(100, discount(0)),
        surcharges: many(100, surcharge(0)),
        shippingAddress: { country: null, countryName: text(200) },
      },
      { contact: { ...nobody, name: text(200) } },
    );
    expect(given().when(full).order.status).toBe('placed');
    const longName = placeOrder({}, { contact: { ...nobody, name: text(201) } });
    given().when(longName).thenRejected('text_too_long', { field: 'contact/name', limit: 200 });
    for (const field of ['shippingAddress', 'billingAddress']) {
      given()
        .when(placeOrder({}, { [field]: { ...nowhere, city: text(201) } }))
        .thenRejected('text_too_long', { field: `${field}/city`, limit: 200 });
    }
    given()
      .when(placeOrder({ lines: [input(mug(1, { name: '🫖'.repeat(201) }))] }))
      .thenRejected('text_too_long', { field: 'lines/0/name' });
  });

  it('says which discount points to no line', () => {
    given()
      .when(placeOrder({ discounts: [discount(1, 0), discount(1, 1)] }))
      .thenRejected('line_index_out_of_range', { field: 'discounts/1/lineIndex', limit: 0 });
  });

  it('is refused when two things would share an id', () => {
    given()
      .when(placeOrder({ lines: [input(mug(1)), input(mug(1))] }), { newIds: ['a', 'a'] })
      .thenRejected('id_already_used');
    given()
      .when(placeOrder({ discounts: [discount(1)] }), { newIds: ['a', 'a'] })
      .thenRejected('id_already_used');
    given()
      .when(placeOrder({ surcharges: [surcharge(1)] }), { newIds: ['a', 'a'] })
      .thenRejected('id_already_used');
  });

  it('has to come before any other command', () => {
    given().when(confirmOrder()).thenRejected('order_not_found');
  });
});
