import type { Ledger, LedgerEntry, LedgerKind } from './ledger.js';

/** What a shop asks of the provider. The same `requestId` again is the same request, whatever became of it. */
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

/**
 * The rules of a payment provider. It knows its authorizations, and takes no more than was promised; what a shop has
 * sold, and how much it may pay back, it does not know: that is for the shop to keep.
 */
export class PaymentProvider {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** All that came of a request until now; nothing: it was never heard of. */
  of(requestId: string): LedgerEntry[] {
    return this.#ledger.entries.filter((entry) => entry.requestId === requestId);
  }

  /** Refunds that were begun and not ended. */
  get unsettled(): LedgerEntry[] {
    const ended = new Set(
      this.#ledger.entries
        .filter(({ kind }) => kind === 'refunded' || kind === 'refund_failed')
        .map(({ reference }) => reference),
    );
    return this.#ledger.entries.filter(
      ({ kind, reference }) => kind === 'refunding' && !ended.has(reference),
    );
  }

  /** What was added to the ledger by it; nothing where the request was there already. */
  handle({ ask, ...request }: ProviderRequest): LedgerEntry[] {
    if (this.of(request.requestId).length > 0) return [];
    const reference = `${ask.slice(0, 3).toUpperCase()}-${this.#ledger.entries.length + 1}`;
    return [this.#ledger.add({ ...request, kind: this.#kindOf(ask, request), reference })];
  }

  /** Ends a refund one way or the other. */
  settle(refund: LedgerEntry): LedgerEntry {
    const { seq: _seq, ...same } = refund;
    const fails = percentOf(refund.reference + refund.requestId) < REFUND_FAILS_PERCENT;
    return this.#ledger.add({ ...same, kind: fails ? 'refund_failed' : 'refunded' });
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

  /** Of an authorization; null: unknown, or voided. */
  #leftMinor(reference: string): number | null {
    const { entries } = this.#ledger;
    const promised = entries.find((entry) => entry.kind === 'authorized' && entry.reference === reference);
    const own = entries.filter(({ authorization }) => authorization === reference);
    if (promised === undefined || own.some(({ kind }) => kind === 'voided')) return null;
    const taken = own.filter(({ kind }) => kind === 'captured');
    return taken.reduce((left, { amountMinor }) => left - amountMinor, promised.amountMinor);
  }
}

/** 0 … 99, by the text alone (FNV-1a). */
export function percentOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return hash % 100;
}
