import { setTimeout } from 'node:timers/promises';
import type { OrderCommand } from '#domain/order/order.js';
import type { CommandOutcome } from '../checker/facts.js';
import type { LedgerEntry } from '../provider/ledger.js';
import { percentOf } from '../provider/payment-provider.js';
import type { CommandSender } from '../workload/command-sender.js';
import type { OrderReader } from './order-reader.js';
import type { ProviderClient } from './provider-client.js';

/**
 * How the worker learned of an entry. Each way uses keys of its own, so that only references keep an entry from
 * being recorded twice.
 */
export type Heard = `answer:${string}` | `webhook:${string}` | `ledger:${number}`;

const WAIT_MS = 150;
/** Percentage of failed refunds that the shop gives up before the provider's word is recorded. */
const GIVEN_UP_PERCENT = 40;

/** Records in the order what the provider did, until the order has it or refuses it. */
export class Recording {
  readonly #commands: CommandSender;
  readonly #orders: OrderReader;
  readonly #provider: ProviderClient;
  /** Numbers in the ledger of the entries that an order has acknowledged to this process. */
  readonly #recorded = new Set<number>();
  /** References of captures that an order has refused: it will never show them. */
  readonly #refused = new Set<string>();

  constructor(commands: CommandSender, orders: OrderReader, provider: ProviderClient) {
    this.#commands = commands;
    this.#orders = orders;
    this.#provider = provider;
  }

  isRecorded({ seq }: LedgerEntry): boolean {
    return this.#recorded.has(seq);
  }

  async record(entry: LedgerEntry, heard: Heard): Promise<void> {
    if (entry.kind === 'refunding') return; // the request is already the order's own event
    await this.#recordEarlier(entry);
    if (entry.capture !== null && this.#refused.has(entry.capture)) {
      this.#recorded.add(entry.seq);
      return;
    }
    const known: KnownIds = {
      authorizationId:
        entry.authorization === null
          ? null
          : await this.#orders.paymentId(entry, 'authorizations', entry.authorization),
      captureId:
        entry.capture === null ? null : await this.#orders.paymentId(entry, 'captures', entry.capture),
    };
    const key = keyOf(entry, heard);
    if (entry.kind === 'refund_failed' && percentOf(heard) < GIVEN_UP_PERCENT) {
      await this.#send(entry.orderId, `given up:${heard}`, giveUp(entry));
    }
    const { kind } = await this.#send(entry.orderId, key, commandOf(entry, known));
    if (kind === 'refused') this.#refused.add(entry.reference);
    this.#recorded.add(entry.seq);
  }

  /**
   * News come in any order, and a void closes its authorization. So earlier ledger entries are recorded first; before
   * a capture is taken back, the capture.
   */
  async #recordEarlier({ seq, capture, authorization, requestId }: LedgerEntry): Promise<void> {
    if (authorization === null && capture === null) return;
    for (;;) {
      const page = await this.#provider.ledger(authorization === null ? { requestId } : { authorization });
      if (page !== null) {
        for (const earlier of page.entries.filter((each) => each.seq < seq && !this.isRecorded(each)))
          await this.record(earlier, `ledger:${earlier.seq}`);
        return;
      }
      await setTimeout(WAIT_MS);
    }
  }

  async #send(orderId: string, key: string, command: OrderCommand): Promise<CommandOutcome> {
    const sending = { key, command, orderId, occurredAt: null, ifMatch: null };
    for (;;) {
      const outcome = await this.#commands.once(sending);
      if (isDefinite(outcome)) return outcome;
      await setTimeout(WAIT_MS);
    }
  }
}

/** A 409 may only mean that other writers were faster, and a 503 that a store is away. */
function isDefinite(outcome: CommandOutcome): boolean {
  if (outcome.kind !== 'refused') return outcome.kind === 'done';
  return outcome.status < 500 && outcome.status !== 429 && outcome.code !== 'conflict_retry_exhausted';
}

const command = (type: OrderCommand['type'], data: object) =>
  ({ type, data, personal: null }) as unknown as OrderCommand;

const giveUp = ({ refundId }: LedgerEntry) =>
  command('RecordRefundFailed', { refundId, providerReference: null, reason: 'no answer' });

/** An answer may tell of several reversals of one capture, each of which is a command of its own. */
function keyOf({ kind, reference }: LedgerEntry, heard: Heard): string {
  if (kind === 'declined') return `declined:${reference}`;
  return kind === 'reversed' ? `${heard} ${reference}` : heard;
}

/** The order's own ids of what an entry belongs to. */
interface KnownIds {
  readonly authorizationId: string | null;
  readonly captureId: string | null;
}

function commandOf(entry: LedgerEntry, { authorizationId, captureId }: KnownIds): OrderCommand {
  const { kind, amountMinor, currency, reference: providerReference } = entry;
  const refundId = entry.refundId ?? '';
  const payment = { amountMinor, currency, providerReference };
  switch (kind) {
    case 'authorized':
      return command('RecordPaymentAuthorized', { ...payment, method: 'card' });
    case 'captured':
      return command('RecordPaymentCaptured', { ...payment, method: 'card', authorizationId });
    case 'reversed':
      return command('RecordPaymentReversed', { ...payment, captureId, reason: 'chargeback' });
    case 'declined':
      return command('RecordPaymentFailed', { ...payment, authorizationId, reason: 'declined' });
    case 'voided':
      return command('RecordPaymentVoided', { authorizationId, providerReference });
    case 'refunded':
      return command('RecordRefundSucceeded', { refundId, providerReference });
    case 'refund_failed':
      return command('RecordRefundFailed', { refundId, providerReference, reason: 'account closed' });
    case 'refunding':
      throw new Error('a refund that is on its way is not recorded');
  }
}
