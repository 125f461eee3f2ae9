import type { OrderCommand } from '#domain/order/order.js';
import { anyCommand } from '#domain/testing/any-command.js';
import type { Random } from '../random.js';

const THINGS = [
  'mug',
  'holder',
  'lantern',
  'bunting',
  'dish',
  'clock',
  'jar',
  'crème brûlée dish',
  'jumbo bag',
];
const COLOURS = ['white', 'red', 'blue', 'vintage', 'pink'];
const NAMES = ['Ana García', 'Björn Öztürk', 'Ada Lovelace', 'Zoë Smith'];
/** With two, none and three digits of minor units. */
const CURRENCIES = ['GBP', 'GBP', 'JPY', 'BHD'];
const CUSTOMERS = 9;
const COUNTRIES = ['GB', 'FR', 'DE', null];

/** The lower its number, the more orders a customer has. */
export function anyCustomer(random: Random): string {
  return customerOf(random.below(1 + random.below(CUSTOMERS)));
}

export function customerOf(number: number): string {
  return `customer-${number}`;
}

type PlaceOrder = Extract<OrderCommand, { type: 'PlaceOrder' }>;

/** The placing of any order, which has a unique reference and words to be found by. */
export function anyPlacing(random: Random, reference: string): PlaceOrder {
  const { data, personal } = anyCommand(null, random, 0).command as PlaceOrder;
  const name = random.one(NAMES)!;
  const lines = {
    name,
    company: null,
    line1: '1 rue Haute',
    line2: null,
    city: 'Lille',
    region: null,
    postalCode: '59000',
  };
  const country = random.one(COUNTRIES) ?? null;
  const address = random.chance(80) ? { country, countryName: country } : null;
  return {
    type: 'PlaceOrder',
    data: {
      ...data,
      reference,
      currency: random.one(CURRENCIES)!,
      customerId: random.chance(70) ? anyCustomer(random) : null,
      lines: data.lines.map((line) => ({
        ...line,
        sku: `SKU-${random.below(500)}`,
        name: `${random.one(COLOURS)} ${random.one(THINGS)}`,
      })),
      shippingAddress: address,
      billingAddress: random.chance(30) ? address : null,
      tags: random.chance(30) ? [`tag-${random.below(4)}`] : [],
      attributes: random.chance(30) ? { channel: 'web' } : {},
    },
    personal: {
      ...personal,
      contact: random.chance(70) ? { name, email: `${reference}@example.org`, phone: null } : null,
      shippingAddress: lines,
      billingAddress: lines,
    },
  };
}
