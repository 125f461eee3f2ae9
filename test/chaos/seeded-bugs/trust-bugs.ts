import { BUG_ROUND_MS, type SeededBug } from './bugs.js';

/** Of the clients, few are customers, and most of what they do is reading. */
const ENOUGH_OF_CUSTOMERS = 300;
/** An order of one of these customers has to get a note, and the customer has to look at it afterwards. */
const ENOUGH_OF_NOTES = 600;
/** Few commands may be sent without a key. */
const ENOUGH_OF_KEYLESS = 300;
/** The first snapshots are written after some events. */
const ENOUGH_OF_SNAPSHOTS = 450;

const damage = {
  atMs: 1_000,
  kind: 'damage',
  target: 'snapshots',
  durationMs: BUG_ROUND_MS,
  amount: 0,
} as const;

/** Mistakes in what customers may do and see, in commands without a key, and in the trust in snapshots. */
export const trustBugs: readonly SeededBug[] = [
  {
    name: 'an order that any customer may change',
    changes: [
      {
        file: 'apps/command-api/src/handling/decide-request.ts',
        from: 'if (ownerCustomerId !== null && order.customerId !== ownerCustomerId) {',
        to: `if (ownerCustomerId !== null && order.customerId === '') {`,
      },
    ],
    faults: [],
    enough: ENOUGH_OF_CUSTOMERS,
    caughtAs: 'I11',
    says: /is done on another's order|is customer-\d's, and the order is|and it is another's order/,
  },
  {
    name: 'a list that shows a customer the orders of others',
    changes: [
      {
        file: 'libs/read-models/src/readers/order-filter.ts',
        from: 'if (audience.customerId !== null) {',
        to: `if (audience.customerId === '') {`,
      },
    ],
    faults: [],
    enough: ENOUGH_OF_CUSTOMERS,
    caughtAs: 'I11',
    says: /belongs to .*, and that is another's/,
  },
  {
    name: 'notes that are shown to customers',
    changes: [
      {
        file: 'apps/query-api/src/time-travel/order-view.ts',
        from: 'personal: withoutNotes(view.personal, () => true)',
        to: 'personal: view.personal',
      },
    ],
    faults: [],
    enough: ENOUGH_OF_NOTES,
    caughtAs: 'I11',
    says: /is told of a note/,
  },
  {
    name: 'customers and shop whose keys are the same command',
    changes: [
      {
        file: 'apps/command-api/src/request/idempotency.ts',
        from: `[tenantId, customerId ?? '', clientId, method, path, key]`,
        to: `[tenantId, customerId === null ? '' : '', clientId, method, path, key]`,
      },
    ],
    faults: [],
    enough: ENOUGH_OF_CUSTOMERS,
    caughtAs: 'I1',
    says: /was answered with .*, and left nothing/,
  },
  {
    name: 'a change without a key that is only tried out',
    changes: [
      {
        file: 'apps/command-api/src/dispatch/order-dispatcher.ts',
        from: `commandId === null ? 'unremembered' : 'remembered'`,
        to: `commandId === null ? 'dry_run' : 'remembered'`,
      },
    ],
    faults: [],
    enough: ENOUGH_OF_KEYLESS,
    caughtAs: 'I1',
    says: /^was answered with .*, and left nothing/,
  },
  {
    name: 'a snapshot whose hash is not compared',
    changes: [
      {
        file: 'libs/event-store/src/snapshots/snapshot-codec.ts',
        from: `if (sha256Of(data) !== metadata.sha256) return 'corrupt';`,
        to: '',
      },
    ],
    faults: [damage],
    twice: true, // the second command-api caches no order
    enough: ENOUGH_OF_SNAPSHOTS,
    caughtAs: 'I7',
    says: /loads from a snapshot gave another state/,
  },
  {
    name: 'a snapshot of another history of its order',
    changes: [
      {
        file: 'libs/event-store/src/order-loader.ts',
        from: 'if (first.done || !isAfter(first.value, order)) {',
        to: 'if (first.done) {',
      },
    ],
    faults: [damage],
    twice: true, // the second command-api caches no order
    enough: ENOUGH_OF_SNAPSHOTS,
    caughtAs: 'I7',
    says: /loads from a snapshot gave another state/,
  },
];
