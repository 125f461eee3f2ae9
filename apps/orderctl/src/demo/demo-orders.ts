import type { OrderScript, ScriptStep } from '../import/order-script.js';

/** A command of the demo day. `at` is `hh:mm`; `as` names the id that the command makes. */
type DemoStep = readonly [at: string, route: string, body?: Readonly<Record<string, unknown>>, as?: string];

interface DemoOrder {
  readonly reference: string;
  readonly place: Readonly<Record<string, unknown>>;
  readonly steps: readonly DemoStep[];
}

const vat = { rateBasisPoints: 2_000, inclusive: true };
const ada = {
  customerId: 'ada',
  contact: { name: 'Ada Byron', email: 'ada@example.org', phone: '+44 20 7946 0000' },
};
const london = {
  country: 'GB',
  countryName: 'United Kingdom',
  name: 'Ada Byron',
  line1: '12 St James Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
};
const line = (sku: string, name: string, quantity: number, unitPriceMinor: number) => ({
  sku,
  name,
  quantity,
  unitPriceMinor,
  tax: vat,
});
const of = (name: string, quantity: number) => ({ lineId: `{${name}}`, quantity });

/** The order with most to show: edited, shipped in two parcels, partly returned, refunded at the second try. */
const teaSet: DemoOrder = {
  reference: 'D-1001',
  place: {
    ...ada,
    currency: 'GBP',
    lines: [line('MUG-RED', 'Red mug', 2, 1_200), line('TEAPOT', 'Teapot, 1.2 l', 1, 3_500)],
    shipping: { method: 'standard', amountMinor: 495, tax: vat },
    shippingAddress: london,
    billingAddress: london,
    attributes: { channel: 'web' },
    tags: ['gift'],
  },
  steps: [
    ['09:12', 'confirm'],
    ['09:30', 'notes', { text: 'Rang: would like a third mug, some tea, and it goes to her sister.' }],
    [
      '09:40',
      'edits',
      {
        operations: [
          { op: 'addLine', line: line('TEA-GREEN', 'Green tea, 250 g', 1, 850) },
          { op: 'changeLineQuantity', lineId: '{lines.0}', quantity: 3 },
          {
            op: 'applyDiscount',
            discount: { code: 'SORRY5', description: 'For the wait', amountMinor: 500 },
          },
          {
            op: 'changeShippingAddress',
            address: {
              ...london,
              name: 'Augusta Leigh',
              line1: '4 Mill Lane',
              city: 'Cambridge',
              postalCode: 'CB2 1RX',
            },
          },
        ],
      },
      'tea',
    ],
    ['09:45', 'stock/reserved', { reference: 'WH-77' }],
    [
      '09:46',
      'payments/authorized',
      { amountMinor: 7_945, currency: 'GBP', providerReference: 'auth_1001', method: 'card' },
      'auth',
    ],
    ['10:30', 'shipments', { carrier: 'Parcel Post', lines: [of('lines.1', 1), of('lines.0', 1)] }, 'first'],
    [
      '10:31',
      'payments/captured',
      {
        amountMinor: 7_945,
        currency: 'GBP',
        providerReference: 'cap_1001',
        method: 'card',
        authorizationId: '{auth}',
      },
    ],
    ['11:00', 'shipments/{first}/dispatch', { trackingNumber: 'PP100100' }],
    ['13:10', 'shipments', { carrier: 'Parcel Post', lines: [of('lines.0', 2), of('tea', 1)] }, 'second'],
    ['13:30', 'shipments/{second}/dispatch', { trackingNumber: 'PP100101' }],
    ['14:20', 'shipments/{first}/deliver'],
    ['15:05', 'shipments/{second}/deliver'],
    ['15:05', 'complete'],
    ['16:00', 'returns', { lines: [of('lines.0', 1)], reason: 'One mug arrived chipped.' }, 'return'],
    ['16:10', 'returns/{return}/approve'],
    ['17:20', 'returns/{return}/receive'],
    [
      '17:25',
      'refunds',
      {
        reason: 'return',
        currency: 'GBP',
        returnId: '{return}',
        of: { kind: 'lines', lines: [of('lines.0', 1)] },
      },
      'refund',
    ],
    ['17:26', 'refunds/{refund}/failed', { reason: 'card_expired' }],
    [
      '17:40',
      'refunds',
      {
        reason: 'return',
        currency: 'GBP',
        returnId: '{return}',
        of: { kind: 'lines', lines: [of('lines.0', 1)] },
      },
      'again',
    ],
    ['17:41', 'refunds/{again}/succeeded', { providerReference: 'ref_1001' }],
    ['17:45', 'returns/{return}/close'],
  ],
};

const lamp: DemoOrder = {
  reference: 'D-1002',
  place: {
    currency: 'EUR',
    contact: { name: 'Jürgen Weiß', email: 'juergen@example.org' },
    lines: [line('LAMP-OAK', 'Lámpara de roble', 1, 8_900), line('BULB-E27', 'LED bulb E27', 2, 450)],
    shippingAddress: {
      country: 'DE',
      countryName: 'Deutschland',
      name: 'Jürgen Weiß',
      line1: 'Hauptstraße 5',
      city: 'Köln',
      postalCode: '50667',
    },
  },
  steps: [
    ['09:50', 'confirm'],
    [
      '09:50',
      'payments/captured',
      { amountMinor: 9_800, currency: 'EUR', providerReference: 'cap_1002', method: 'sepa' },
    ],
    ['12:00', 'shipments', { carrier: 'Paketdienst' }, 'parcel'],
    ['12:15', 'shipments/{parcel}/dispatch', { trackingNumber: 'DE5550001' }],
    ['17:00', 'shipments/{parcel}/deliver'],
    ['17:00', 'complete'],
  ],
};

const suspicious: DemoOrder = {
  reference: 'D-1003',
  place: {
    ...ada,
    currency: 'GBP',
    lines: [line('WATCH', 'Pocket watch', 12, 24_900)],
    shippingAddress: london,
    tags: ['express'],
  },
  steps: [
    ['11:20', 'payments/failed', { amountMinor: 298_800, currency: 'GBP', reason: 'card_declined' }],
    ['11:25', 'hold', { reason: 'Twelve watches at once, and the card was declined.' }],
    ['11:26', 'tags', { tags: ['express', 'check'] }],
    ['11:30', 'notes', { text: 'Asked her by mail whether this is hers.' }],
  ],
};

const changedMind: DemoOrder = {
  reference: 'D-1004',
  place: {
    ...ada,
    currency: 'GBP',
    lines: [line('MUG-BLUE', 'Blue mug', 1, 1_200)],
    shippingAddress: london,
  },
  steps: [['12:45', 'cancel', { reason: 'Ordered twice by mistake.' }]],
};

const halfSent: DemoOrder = {
  reference: 'D-1005',
  place: {
    customerId: 'grace',
    contact: { name: 'Grace Hopper', email: 'grace@example.org' },
    currency: 'USD',
    lines: [line('CHAIR', 'Desk chair', 4, 15_900), line('DESK', 'Standing desk', 2, 48_000)],
    surcharges: [{ code: 'FREIGHT', description: 'Bulky goods', amountMinor: 6_000 }],
    shippingAddress: {
      country: 'US',
      countryName: 'USA',
      company: 'Nanosecond Inc',
      line1: '1 Navy Yard',
      city: 'Arlington',
      region: 'VA',
      postalCode: '22202',
    },
  },
  steps: [
    ['14:05', 'confirm'],
    [
      '14:06',
      'payments/captured',
      { amountMinor: 165_600, currency: 'USD', providerReference: 'cap_1005', method: 'transfer' },
    ],
    ['15:30', 'shipments', { carrier: 'Freight Line', lines: [of('lines.0', 4)] }, 'chairs'],
    ['16:45', 'shipments/{chairs}/dispatch', { trackingNumber: 'FL-0042' }],
  ],
};

const placedAt: readonly (readonly [string, DemoOrder])[] = [
  ['09:05', teaSet],
  ['09:48', lamp],
  ['11:18', suspicious],
  ['12:40', changedMind],
  ['14:00', halfSent],
];

/** Reference of the order that `inspect` shows best. */
export const SHOWPIECE = teaSet.reference;

/** The demo day's orders, each command at its time on the given day (`YYYY-MM-DD`). */
export function demoScripts(day: string): OrderScript[] {
  const at = (time: string) => ({ occurredAt: `${day}T${time}:00.000Z` });
  return placedAt.map(([placed, { reference, place, steps }]) => ({
    name: reference,
    key: `demo/${day}/${reference}`,
    guarded: false, // each command makes something happen
    steps: [
      { do: 'place', key: '0', body: { ...at(placed), reference, ...place } },
      ...steps.map(([time, route, body = {}, as], index): ScriptStep => ({
        do: route,
        key: String(index + 1),
        body: { ...at(time), ...body },
        ...(as === undefined ? {} : { as }),
      })),
    ],
  }));
}
