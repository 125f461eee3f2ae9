import type { CopiedValue } from '#platform/copy-out.js';
import type { OrderSummary } from '../order-summary.js';
import { factsOf } from './search-document.js';

const PIECE_BYTES = 1 << 20;
const PERSONAL = ',"personal":';
const [COMMA, CLOSING_BRACE] = [0x2c, 0x7d];

/** Writes search documents as JSON, one after the other into memory that they share. */
export class DocumentWriter {
  #piece = Buffer.alloc(0);
  #length = 0;

  /** `foundBy` and `personal` are JSON already, as rows keep them: they are copied without being parsed. */
  write(summary: OrderSummary, foundBy: CopiedValue, personal: CopiedValue): Uint8Array {
    const facts = JSON.stringify(factsOf(summary)).slice(0, -1);
    this.#reserve(3 * facts.length + foundBy.length + PERSONAL.length + personal.length);
    const start = this.#length;
    this.#text(facts);
    this.#byte(COMMA);
    this.#bytes(foundBy.source, foundBy.start + 1, foundBy.start + foundBy.length - 1);
    this.#text(PERSONAL);
    this.#bytes(personal.source, personal.start, personal.start + personal.length);
    this.#byte(CLOSING_BRACE);
    return this.#piece.subarray(start, this.#length);
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#piece.length) return;
    this.#piece = Buffer.allocUnsafeSlow(Math.max(size, PIECE_BYTES));
    this.#length = 0;
  }

  #text(text: string): void {
    this.#length += this.#piece.write(text, this.#length);
  }

  #byte(byte: number): void {
    this.#length = this.#piece.writeUInt8(byte, this.#length);
  }

  #bytes(source: Buffer, start: number, end: number): void {
    this.#length += source.copy(this.#piece, this.#length, start, end);
  }
}
