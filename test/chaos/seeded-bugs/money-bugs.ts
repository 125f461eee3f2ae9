import type { SeededBug } from './bugs.js';

/** Larger than usual, because money moves in only one of the tenants. */
const ENOUGH = 600;
/** Rounds with this number go on after the first captures. */
const ENOUGH_AFTER_CAPTURES = 1_200;

/** Mistakes in the order's rules of money, or in how a shop deals with its provider. */
export const moneyBugs: readonly SeededBug[] = [
  {
    name: 'a capture that is recorded again when the provider tells it again',
    changes: [
      {
        file: 'libs/domain/src/order/payments.ts',
        from: 'recorded.find((each) => each.providerReference === providerReference);',
        to: 'recorded.find((each) => each.providerReference === `${providerReference} again`);',
      },
    ],
    faults: [],
    enough: ENOUGH_AFTER_CAPTURES,
    caughtAs: 'I10',
    says: /capture CAP-\d+ is in its stream twice/,
  },
  {
    name: 'a refund that does not look at what was captured',
    changes: [
      {
        file: 'libs/domain/src/order/refunds.ts',
        from: 'return amountMinor > availableMinor ?',
        to: 'return amountMinor > availableMinor + coveredMinor ?',
      },
    ],
    faults: [],
    enough: ENOUGH_AFTER_CAPTURES,
    // The order shows the bug at once. Whether the provider pays depends on which comes first.
    caughtAs: 'I3',
    says: /\(RefundRequested\): is not what is decided/,
  },
  {
    name: 'a capture that stays whole when the bank takes a part of it back',
    changes: [
      {
        file: 'libs/domain/src/order/payments.ts',
        from: 'reversedMinor: capture.reversedMinor + data.amountMinor',
        to: 'reversedMinor: capture.reversedMinor',
      },
    ],
    faults: [],
    enough: ENOUGH_AFTER_CAPTURES,
    caughtAs: 'I10',
    says: /row: captured_minor is \d+, not/,
  },
  {
    name: 'a refund that is recorded as paid when it has only begun',
    changes: [
      {
        file: 'test/chaos/payment-worker/recording.ts',
        from: `if (entry.kind === 'refunding') return;`,
        to: '',
      },
      {
        file: 'test/chaos/payment-worker/recording.ts',
        from: `throw new Error('a refund that is on its way is not recorded');`,
        to: `return command('RecordRefundSucceeded', { refundId, providerReference });`,
      },
    ],
    faults: [],
    enough: ENOUGH_AFTER_CAPTURES,
    caughtAs: 'I10',
    says: /refund REF-\d+ is in the stream, and not in the ledger/,
  },
  {
    name: 'a capture that is asked for under another name when no answer came',
    changes: [
      {
        file: 'test/chaos/payment-worker/provider-client.ts',
        from: 'await setTimeout(WAIT_MS);',
        to: 'return this.ask({ ...request, requestId: `${request.requestId} again` });',
      },
      {
        file: 'test/chaos/payment-worker/provider-client.ts',
        from: 'if (known !== null && known.entries.length > 0) return known.entries;',
        to: '',
      },
    ],
    faults: [],
    enough: ENOUGH,
    caughtAs: 'I10',
    says: /the provider was asked twice: there are two of capture/,
  },
];
