import { existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * `refunding` moves no money yet; `refunded` or `refund_failed` follows under the same reference. A
 * `refund_failed` after `refunded` says that the money came back. `reversed` says that a capture, or a part of it, was
 * taken back.
 */
export type LedgerKind =
  'authorized' | 'captured' | 'reversed' | 'declined' | 'voided' | 'refunding' | 'refunded' | 'refund_failed';

/** Something that the payment provider did. */
export interface LedgerEntry {
  /** 1, 2, 3 … */
  readonly seq: number;
  readonly kind: LedgerKind;
  /** The provider's own id for it. A refund keeps its id from the request to its end. */
  readonly reference: string;
  /** The shop's id of its request. A request repeated under the same id is the same request. */
  readonly requestId: string;
  /** The event of an order for which the shop asked. Nobody asked for a reversal: its own reference. */
  readonly cause: string;
  readonly tenantId: string;
  readonly orderId: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** Reference of the authorization that it belongs to. */
  readonly authorization: string | null;
  readonly refundId: string | null;
  /** Reference of the capture that is taken back. */
  readonly capture: string | null;
}

/** The provider's own book, with one line for each entry. A line is on disk before anybody hears of it. */
export class Ledger {
  readonly entries: LedgerEntry[];
  readonly #file: number;

  constructor(path: string) {
    const text = wholeLines(path);
    this.entries = entriesIn(text);
    this.#file = openSync(path, 'a');
    // Cuts off an unfinished line of a process that died: nobody has heard of its entry.
    ftruncateSync(this.#file, Buffer.byteLength(text));
  }

  add(entry: Omit<LedgerEntry, 'seq'>): LedgerEntry {
    const added = { seq: this.entries.length + 1, ...entry };
    writeSync(this.#file, `${JSON.stringify(added)}\n`);
    fsyncSync(this.#file);
    this.entries.push(added);
    return added;
  }
}

export function readLedger(path: string): LedgerEntry[] {
  return entriesIn(wholeLines(path));
}

function wholeLines(path: string): string {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

function entriesIn(text: string): LedgerEntry[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as LedgerEntry);
}
