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
const REFUND_COMES_BACK_PERCENT = 40;

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

  /** Refunds of which more is to come, as they are now: begun, or paid to an account that is closed. */
  get unsettled(): LedgerEntry[] {
    const last = new Map<string, LedgerEntry>();
    for (const entry of this.#ledger.entries) if (entry.refundId !== null) last.set(entry.reference, entry);
    return [...last.values()].filter((entry) => entry.kind === 'refunding' || comesBack(entry));
  }

  /** What was added to the ledger by it; nothing where the request was there already. */
  handle({ ask, ...request }: ProviderRequest): LedgerEntry[] {
    if (this.of(request.requestId).length > 0) return [];
    const reference = `${ask.slice(0, 3).toUpperCase()}-${this.#ledger.entries.length + 1}`;
    return [this.#ledger.add({ ...request, kind: this.#kindOf(ask, request), reference })];
  }

  /** Ends a refund one way or the other; one that was paid comes back. */
  settle(refund: LedgerEntry): LedgerEntry {
    const { seq: _seq, ...same } = refund;
    const fails =
      refund.kind === 'refunded' || percentOf(refund.reference + refund.requestId) < REFUND_FAILS_PERCENT;
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

function comesBack({ kind, reference, requestId }: LedgerEntry): boolean {
  return kind === 'refunded' && percentOf(`${reference} ${requestId} back`) < REFUND_COMES_BACK_PERCENT;
}

/** 0 … 99, by the text alone (FNV-1a). */
export function percentOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  return hash % 100;
}
