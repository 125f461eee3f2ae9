import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { kafkaBrokers } from './engines.js';
import type { Mail } from './mail-server.js';
import { NotifierBench, type InboxRow } from './notifier.js';
import { WrittenOrder } from './order-streams.js';
import { placedBy, type Buyer } from './told-orders.js';

/** Long enough for engines that start and stop on a busy machine. */
export const NOTIFIER_TEST_MS = 180_000;

/**
 * A bench for all tests of a suite, with a separate customer for each test, so that each test sees only its own
 * mail.
 */
export interface NotifierSuite {
  readonly bench: NotifierBench;
  readonly customerId: string;
  readonly email: string;
  /** Places an order, by default of the test's customer. */
  order(buyer?: Partial<Buyer>): Promise<WrittenOrder>;
  /** The mails accepted for an address, by default the customer's own. */
  mails(address?: string): Mail[];
  /** The customer's rows of all channels. */
  rows(): Promise<InboxRow[]>;
  emailRows(): Promise<InboxRow[]>;
  /** Runs a command that must succeed. @returns what it printed */
  prints(...parameters: string[]): Promise<string>;
}

export function notifierSuite(): NotifierSuite {
  let bench: NotifierBench | undefined;
  let customerId = '';
  const opened = () => {
    if (bench === undefined) throw new Error('the bench is not open');
    return bench;
  };
  beforeAll(async () => {
    bench = await NotifierBench.open(kafkaBrokers()!);
  }, NOTIFIER_TEST_MS);
  beforeEach(() => {
    customerId = randomUUID();
  });
  afterEach(async () => {
    await opened().stopAll();
    await opened().mail.answer({});
  }, NOTIFIER_TEST_MS);
  afterAll(() => bench?.close(), NOTIFIER_TEST_MS);

  const emailOf = () => `${customerId}@example.org`;
  const rows = async () =>
    (await opened().inbox()).filter(({ recipient }) => recipient.endsWith(`:${customerId}`));
  return {
    get bench() {
      return opened();
    },
    get customerId() {
      return customerId;
    },
    get email() {
      return emailOf();
    },
    order: (buyer = {}) =>
      placedBy(opened().system.eventStore, { customerId, email: emailOf(), name: 'Ana García', ...buyer }),
    mails: (address = emailOf()) => opened().mail.taken.filter(({ to }) => to === address),
    rows,
    emailRows: async () => (await rows()).filter(({ recipient }) => recipient.startsWith('email:')),
    async prints(...parameters) {
      const { code, stdout, stderr } = await opened().command(...parameters);
      expect([code, stderr]).toEqual([0, '']);
      return stdout;
    },
  };
}
