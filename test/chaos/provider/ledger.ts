import { existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * `refunding` moves no money yet; `refunded` or `refund_failed` under the same reference follows. After `refunded`,
 * `refund_failed` says that the money came back.
 */
export type LedgerKind =
  'authorized' | 'captured' | 'declined' | 'voided' | 'refunding' | 'refunded' | 'refund_failed';

/** Something that the payment provider did. */
export interface LedgerEntry {
  /** 1, 2, 3 … */
  readonly seq: number;
  readonly kind: LedgerKind;
  /** The provider's own id of it; a refund has one from asking to its end. */
  readonly reference: string;
  /** What the shop calls its request: repeated under it, a request is the same. */
  readonly requestId: string;
  /** For which event of which order the shop asked. */
  readonly cause: string;
  readonly tenantId: string;
  readonly orderId: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** The reference of the authorization that it is of. */
  readonly authorization: string | null;
  readonly refundId: string | null;
}

/** The provider's own book, a line for each entry, on the disk before anybody is told of it. */
export class Ledger {
  readonly entries: LedgerEntry[];
  readonly #file: number;

  constructor(path: string) {
    const text = wholeLines(path);
    this.entries = entriesIn(text);
    this.#file = openSync(path, 'a');
    // The end of a line that was being written when the process died: nobody was told of it.
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
