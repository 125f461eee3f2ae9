import { describe, expect, it } from '@jest/globals';
import type { RefundId } from '#domain/order/ids.js';
import type { OrderCommand } from '#domain/order/order.js';
import type { Order } from '#domain/order/state.js';
import {
  recordCaptured,
  recordRefundFailed,
  recordRefundSucceeded,
  recordReversed,
  requestRefund,
} from '#domain/testing/commands.js';
import { check } from '../chaos/checker/check.js';
import { someFacts, type Changeable } from '../chaos/checker/some-facts.js';
import type { Facts } from '../chaos/checker/facts.js';
import type { LedgerEntry } from '../chaos/provider/ledger.js';
import { placeOrder } from '../support/requests.js';

const CURRENCY = { currency: 'GBP' };

/**
 * Two orders, each paid 40.00 in two captures, of which 5.00 went back, and 2.00 of the second were reversed; and the
 * provider's ledger of both.
 */
async function paid(): Promise<Changeable<Facts>> {
  const facts = structuredClone(
    await someFacts(2, (orderId) => [
      placeOrder(orderId, CURRENCY),
      recordCaptured(3_000, { ...CURRENCY, providerReference: `C1 ${orderId}` }),
      recordCaptured(1_000, { ...CURRENCY, providerReference: `C2 ${orderId}` }),
      requestRefund(500, CURRENCY),
      (order: Order) => recordRefundSucceeded(order.refunds[0]!.refundId, `R1 ${orderId}`),
      ({ payments }: Order) =>
        recordReversed(200, {
          ...{ ...CURRENCY, captureId: payments.captures[1]!.paymentId, providerReference: `V2 ${orderId}` },
        }),
    ]),
  ) as Changeable<Facts>;
  const ledger: Changeable<LedgerEntry>[] = [];
  for (const row of facts.rows.orders) {
    const orderId = String(row['order_id']);
    const book = (kind: LedgerEntry['kind'], name: string, amountMinor: number) =>
      ledger.push({
        ...{ seq: ledger.length + 1, kind, reference: `${name} ${orderId}`, requestId: `${name} ${orderId}` },
        ...{ cause: `${orderId}@${name}`, tenantId: 'default', orderId, amountMinor, currency: 'GBP' },
        ...{ authorization: null, refundId: null, capture: kind === 'reversed' ? `C2 ${orderId}` : null },
      });
    book('captured', 'C1', 3_000);
    book('captured', 'C2', 1_000);
    book('reversed', 'V2', 200);
    book('declined', 'D1', 7_000);
    book('refunding', 'R1', 500);
    book('refunded', 'R1', 500);
  }
  facts.provider = { tenants: ['default'], ledger };
  return facts;
}

type Alteration = [what: string, says: RegExp, alter: (facts: Changeable<Facts>) => void];

const documentOf = (facts: Changeable<Facts>) =>
  facts.rows.orders[0]!['document'] as Changeable<Pick<Order, 'payments' | 'refunds'>>;
const eventOf = ({ log }: Changeable<Facts>, type: string) =>
  log.find((event) => event.type === type)!.data as { data: Record<string, unknown> };
const booked = ({ provider }: Changeable<Facts>, kind: LedgerEntry['kind']) =>
  provider!.ledger.find((entry) => entry.kind === kind)!;

const alterations: readonly Alteration[] = [
  [
    'a capture is in no stream',
    /capture C1 .* is in the ledger, and not in the stream/,
    (facts) => {
      eventOf(facts, 'PaymentCaptured').data['providerReference'] = 'another';
    },
  ],
  [
    'a capture is recorded that never was',
    /capture another is in the stream, and not in the ledger/,
    (facts) => {
      eventOf(facts, 'PaymentCaptured').data['providerReference'] = 'another';
    },
  ],
  [
    'a capture is recorded twice',
    /capture C1 .* is in its stream twice/,
    (facts) => {
      const [first, second] = facts.log.filter(({ type }) => type === 'PaymentCaptured');
      second!.data = structuredClone(first!.data);
    },
  ],
  [
    'a capture is recorded with another amount',
    /"amountMinor":3000,.* in the ledger, .*"amountMinor":3001,.* in the stream/,
    (facts) => {
      eventOf(facts, 'PaymentCaptured').data['amountMinor'] = 3_001;
    },
  ],
  [
    'a capture is recorded in another currency',
    /"currency":"GBP".* in the ledger, .*"currency":"JPY".* in the stream/,
    (facts) => {
      eventOf(facts, 'PaymentCaptured').data['currency'] = 'JPY';
    },
  ],
  [
    'a reversal is in no stream',
    /reversal V2 .* is in the ledger, and not in the stream/,
    ({ log }) => {
      log.find(({ type }) => type === 'PaymentReversed')!.type = 'PaymentVoided';
    },
  ],
  [
    'a reversal is recorded with another amount',
    /"amountMinor":200,.* in the ledger, .*"amountMinor":201,.* in the stream/,
    (facts) => {
      eventOf(facts, 'PaymentReversed').data['amountMinor'] = 201;
    },
  ],
  [
    'a row does not know of a reversal',
    /reversal V2 .* is in the stream, and not in the row/,
    (facts) => void documentOf(facts).payments.reversals.pop(),
  ],
  [
    'a row counts what was reversed',
    /row: captured_minor is 4000, not 3800/,
    ({ rows }) => {
      rows.orders[0]!['captured_minor'] = '4000';
    },
  ],
  [
    'the provider was asked for a capture twice',
    /asked twice: there are two of capture for/,
    (facts) => {
      const { ledger } = facts.provider!;
      ledger[1]!.cause = ledger[0]!.cause;
    },
  ],
  [
    'a refund is recorded that never was',
    /refund R1 .* is in the stream, and not in the ledger/,
    (facts) => {
      booked(facts, 'refunded').kind = 'refund_failed';
    },
  ],
  [
    'a refund that was paid is not recorded',
    /refund R1 .* is in the ledger, and not in the stream/,
    (facts) => {
      const succeeded = facts.log.find(({ type }) => type === 'RefundSucceeded')!;
      succeeded.type = 'RefundFailed';
    },
  ],
  [
    'the provider paid back another amount than was granted',
    /"amountMinor":501,.* in the ledger, .*"amountMinor":500,.* in the stream/,
    (facts) => {
      booked(facts, 'refunded').amountMinor = 501;
    },
  ],
  [
    'the provider paid back more than it took',
    /the provider pays back more than it took, by 1$/,
    (facts) => {
      booked(facts, 'refunded').amountMinor = 4_001;
    },
  ],
  [
    'an order granted more than was taken',
    /more is paid back than was taken, by 1$/,
    (facts) => {
      eventOf(facts, 'RefundRequested').data['amountMinor'] = 4_001;
    },
  ],
  [
    'a row lacks a capture',
    /capture C2 .* is in the stream, and not in the row/,
    (facts) => void documentOf(facts).payments.captures.pop(),
  ],
  [
    'a row has a refund too many',
    /refund R9 is in the row, and not in the stream/,
    (facts) => {
      const { refunds } = documentOf(facts);
      refunds.push({ ...refunds[0]!, providerReference: 'R9' });
    },
  ],
  [
    'a row’s sum is off',
    /row: refunded_minor is 501, not 500/,
    ({ rows }) => {
      rows.orders[0]!['refunded_minor'] = '501';
    },
  ],
  [
    'a row’s balance is off',
    /row: balance_due_minor is -1, not/,
    ({ rows }) => {
      rows.orders[0]!['balance_due_minor'] = '-1';
    },
  ],
];

describe('I10, in the checker of the chaos run', () => {
  const said = async (facts: Changeable<Facts>) =>
    (await check(facts as Facts)).filter(({ invariant }) => invariant === 'I10').map(({ what }) => what);

  it('finds nothing where the money is where it has to be', async () => {
    expect(await check((await paid()) as Facts)).toEqual([]);
  });

  it('asks no ledger about tenants whose money does not move there', async () => {
    const facts = await paid();
    facts.provider = { tenants: ['second'], ledger: [] };
    expect(await said(facts)).toEqual([]);
    facts.provider.tenants.push('default');
    expect(await said(facts)).toHaveLength(8);
  });

  it('lets the provider take back what was granted, and is then paid back', async () => {
    const facts = (await someFacts(1, (orderId) => [
      placeOrder(orderId, CURRENCY),
      recordCaptured(3_000, CURRENCY),
      requestRefund(3_000, CURRENCY),
      ({ payments }: Order) =>
        recordReversed(3_000, { ...CURRENCY, captureId: payments.captures[0]!.paymentId }),
      (order: Order) => recordRefundSucceeded(order.refunds[0]!.refundId, 'R1'),
    ])) as Changeable<Facts>;
    expect(await check(facts as Facts)).toEqual([]);
  });

  it('takes a refund that came back to the provider for none, in the rows too', async () => {
    const facts = (await someFacts(1, (orderId) => [
      placeOrder(orderId, CURRENCY),
      recordCaptured(3_000, CURRENCY),
      requestRefund(500, CURRENCY),
      (order: Order) => recordRefundSucceeded(order.refunds[0]!.refundId, 'R1'),
      (order: Order) => recordRefundFailed(order.refunds[0]!.refundId, { providerReference: 'R1' }),
    ])) as Changeable<Facts>;
    expect(await said(facts)).toEqual([]);
    const [refund] = documentOf(facts).refunds;
    refund!.status = 'succeeded';
    expect(await said(facts)).toEqual([
      'refund failure R1 is in the stream, and not in the row',
      'refund R1 is in the row, and not in the stream',
    ]);
  });

  describe('of a refund that came back to the provider', () => {
    type Outcomes = readonly ((refundId: RefundId) => OrderCommand)[];
    const recorded = (...outcomes: Outcomes) => recordedOf(['refunded', 'refund_failed'], outcomes);
    const recordedOf = async (kinds: readonly LedgerEntry['kind'][], outcomes: Outcomes) => {
      const [refundedOnce] = (await paid()).provider!.ledger.filter(({ kind }) => kind === 'refunded');
      const facts = (await someFacts(1, (orderId) => [
        placeOrder(orderId, CURRENCY),
        recordCaptured(3_000, { ...CURRENCY, providerReference: 'C1' }),
        requestRefund(500, CURRENCY),
        ...outcomes.map((outcome) => (order: Order) => outcome(order.refunds[0]!.refundId)),
      ])) as Changeable<Facts>;
      const entry = { ...refundedOnce!, orderId: String(facts.rows.orders[0]!['order_id']) };
      const of = (kind: LedgerEntry['kind'], reference: string, amountMinor: number) => ({
        ...entry,
        ...{ kind, reference, amountMinor, cause: reference },
      });
      const ledger = [of('captured', 'C1', 3_000), ...kinds.map((kind) => of(kind, 'R1', 500))];
      facts.provider = { tenants: ['default'], ledger };
      return said(facts);
    };
    const succeeded = (refundId: RefundId) => recordRefundSucceeded(refundId, 'R1');
    const failed = (refundId: RefundId) => recordRefundFailed(refundId, { providerReference: 'R1' });
    const givenUp = (refundId: RefundId) => recordRefundFailed(refundId, { providerReference: null });

    it('lets an order know both, or the end alone', async () => {
      expect(await recorded(succeeded, failed)).toEqual([]);
      expect(await recorded(failed)).toEqual([]);
      expect(await recorded(givenUp, failed)).toEqual([]);
    });

    it('sees that it was never paid', async () => {
      expect(await recordedOf(['refund_failed'], [succeeded, failed])).toEqual([
        'refund R1 is in the stream, and not in the ledger',
        'refund back R1 is in the stream, and not in the ledger',
      ]);
    });

    it('sees that the order does not know', async () => {
      const unknown = 'refund failure R1 is in the ledger, and not in the stream';
      expect(await recorded()).toEqual([unknown]);
      expect(await recorded(givenUp)).toEqual([unknown]);
      expect(await recorded(succeeded)).toEqual([unknown]);
    });
  });

  it.each(alterations)('sees that %s', async (_, says, alter) => {
    const facts = await paid();
    alter(facts);
    expect(await said(facts)).toEqual(expect.arrayContaining([expect.stringMatching(says)]));
  });
});
