import type { Ledger, LedgerEntry, LedgerKind } from './ledger.js';

/** A request of a shop. A request with the same `requestId` is the same one, whatever came of it. */
export interface ProviderRequest {
  readonly requestId: string;
  readonly ask: 'authorize' | 'capture' | 'void' | 'refund';
  readonly cause: string;
  readonly tenantId: string;
  readonly orderId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly authorization: string | null;
  readonly refundId: string | null;
}

const DECLINED_PERCENT = 12;
const REFUND_FAILS_PERCENT = 50;
const REFUND_COMES_BACK_PERCENT = 40;
const REVERSED_PERCENT = 20;
const REVERSED_IN_PARTS_PERCENT = 50;

/**
 * The rules of a payment provider. It knows its authorizations, and takes no more than was authorized. It does not
 * know what the shop has sold or how much may be paid back: the shop has to see to that.
 */
export class PaymentProvider {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** All entries of a request so far; empty: the request is unknown. */
  of(requestId: string): LedgerEntry[] {
    return this.#ledger.entries.filter((entry) => entry.requestId === requestId);
  }

  /**
   * The latest entries of what is not finished: refunds that have begun, or were paid to an account that is closed,
   * and captures of which the customer's bank has not yet taken back all that it will.
   */
  get unsettled(): LedgerEntry[] {
    const last = new Map<string, LedgerEntry>();
    const reversals = new Map<string, number>();
    for (const entry of this.#ledger.entries) {
      last.set(entry.reference, entry);
      if (entry.capture !== null) reversals.set(entry.capture, (reversals.get(entry.capture) ?? 0) + 1);
    }
    return [...last.values()].filter(
      (entry) =>
        entry.kind === 'refunding' ||
        comesBack(entry) ||
        (reversals.get(entry.reference) ?? 0) < reversalsOf(entry),
    );
  }

  /** The entries that the request added to the ledger; none when the ledger has the request already. */
  handle({ ask, ...request }: ProviderRequest): LedgerEntry[] {
    if (this.of(request.requestId).length > 0) return [];
    const reference = `${ask.slice(0, 3).toUpperCase()}-${this.#ledger.entries.length + 1}`;
    return [this.#ledger.add({ ...request, kind: this.#kindOf(ask, request), reference, capture: null })];
  }

  /**
   * Ends a refund in one of the two ways. The money of a paid refund comes back. A capture is taken back, in whole or
   * in part.
   */
  settle(unsettled: LedgerEntry): LedgerEntry {
    const { seq: _seq, ...same } = unsettled;
    const { kind, reference, requestId } = unsettled;
    if (kind === 'captured') return this.#takeBack(unsettled);
    const fails = kind === 'refunded' || percentOf(reference + requestId) < REFUND_FAILS_PERCENT;
    return this.#ledger.add({ ...same, kind: fails ? 'refund_failed' : 'refunded' });
  }

  #takeBack(capture: LedgerEntry): LedgerEntry {
    const { seq: _seq, ...same } = capture;
    const reference = `REV-${this.#ledger.entries.length + 1}`;
    const amountMinor = Math.floor(capture.amountMinor / reversalsOf(capture));
    return this.#ledger.add({
      ...{ ...same, kind: 'reversed', reference, cause: reference },
      ...{ amountMinor, capture: capture.reference },
    });
  }

  #kindOf(ask: ProviderRequest['ask'], request: Omit<ProviderRequest, 'ask'>): LedgerKind {
    if (ask === 'authorize') return 'authorized';
    if (ask === 'refund') return 'refunding';
    if (request.authorization !== null) {
      const leftMinor = this.#leftMinor(request.authorization);
      if (ask === 'void') return leftMinor === null ? 'declined' : 'voided';
      return leftMinor === null || request.amountMinor > leftMinor ? 'declined' : 'captured';
    }
    return percentOf(request.requestId) < DECLINED_PERCENT ? 'declined' : 'captured';
  }

  /** What is left of an authorization; null: unknown, or voided. */
  #leftMinor(reference: string): number | null {
    const { entries } = this.#ledger;
    const promised = entries.find((entry) => entry.kind === 'authorized' && entry.reference === reference);
    const own = entries.filter(({ authorization }) => authorization === reference);
    if (promised === undefined || own.some(({ kind }) => kind === 'voided')) return null;
    const taken = own.filter(({ kind }) => kind === 'captured');
    return taken.reduce((left, { amountMinor }) => left - amountMinor, promised.amountMinor);
  }
}

function comesBack({ kind, reference, requestId }: LedgerEntry): boolean {
  return kind === 'refunded' && percentOf(`${reference} ${requestId} back`) < REFUND_COMES_BACK_PERCENT;
}

/** In how many parts, each of them the same, a capture is taken back; 0: not at all. */
function reversalsOf({ kind, reference, requestId, amountMinor }: LedgerEntry): 0 | 1 | 2 {
  const text = `${reference} ${requestId}`;
  if (kind !== 'captured' || percentOf(`${text} reversed`) >= REVERSED_PERCENT) return 0;
  return amountMinor > 1 && percentOf(`${text} in parts`) < REVERSED_IN_PARTS_PERCENT ? 2 : 1;
}

/** A number from 0 to 99 that depends on the text alone (FNV-1a). */
export function percentOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return hash % 100;
}
