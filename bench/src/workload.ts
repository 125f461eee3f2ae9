/**
 * Numbers in [0, 1) that are the same in every run, from a linear congruential generator: good enough to vary
 * orders.
 */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const WORDS =
  'white hanging heart light holder metal lantern cream cupid coat hanger knitted union flag hot water bottle red woolly glass star frosted jumbo bag vintage retrospot paper chain kit doormat cake cases'.split(
    ' ',
  );

/** As for a wholesaler: up to forty lines in an order, about twenty on average. */
const LINES_MOST = 40;

export interface BenchOrder {
  readonly currency: 'GBP';
  readonly reference: string;
  readonly customerId: string;
  readonly lines: readonly { sku: string; name: string; quantity: number; unitPriceMinor: number }[];
  readonly shippingAddress: { country: string; countryName: string };
}

export function makeLine(random: () => number): BenchOrder['lines'][number] {
  const whole = (below: number) => Math.floor(random() * below);
  return {
    sku: String(20_000 + whole(4_000)),
    name: Array.from({ length: 4 }, () => WORDS[whole(WORDS.length)]!.toUpperCase()).join(' '),
    quantity: 1 + whole(24),
    unitPriceMinor: 29 + whole(1_500),
  };
}

export function makeOrder(index: number): BenchOrder {
  const random = seeded(index + 1);
  const whole = (below: number) => Math.floor(random() * below);
  const lines = Array.from({ length: 1 + whole(LINES_MOST) }, () => makeLine(random));
  return {
    currency: 'GBP',
    reference: String(500_000 + index),
    customerId: String(12_000 + whole(4_000)),
    lines,
    shippingAddress: { country: 'GB', countryName: 'United Kingdom' },
  };
}

export function totalMinorOf(order: BenchOrder): number {
  return order.lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
}

/** What people search for in such a shop; some of it is misspelt. */
export function searchTexts(): readonly string[] {
  return [
    'white hanging heart',
    'metal lantern',
    'cream cupid',
    'union flag',
    'hot water botle',
    'red wooly',
    'glass star',
    'jumbo bag',
    'retrospot',
    'paper chain kit',
    'vintage',
    'dormat',
    'cake cases',
    'knited flag',
  ];
}
