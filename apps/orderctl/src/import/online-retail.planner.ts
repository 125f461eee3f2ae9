import type { ImportPlan, PlannedLine, PlannedReturn, Reject, RejectReason } from './import-plan.js';
import { matchCancellation, type Cancellation, type ReturnableOrder } from './returns-matching.js';
import type { InvoiceRow } from './online-retail.rows.js';

/** An order whose lines are still being collected. */
interface Draft extends ReturnableOrder {
  readonly kind: 'order';
  customerId: string | null;
  countryName: string;
  readonly lines: (PlannedLine & { unreturned: number })[];
  readonly returns: PlannedReturn[];
}

interface CancellationDraft extends Cancellation {
  readonly kind: 'cancellation';
}

/**
 * Turns the whole input into orders and their returns. Takes the rows one by one in the order of the input; the
 * lines of one invoice need not stand together. The same input gives the same plan, so that a second run sends the
 * same commands under the same keys.
 */
export class OnlineRetailPlanner {
  readonly #invoices = new Map<string, Draft | CancellationDraft>();
  readonly #texts = new Map<string, string>();
  readonly #rejects: Reject[] = [];

  add(row: InvoiceRow): void {
    if (/^\d+$/.test(row.invoice)) this.#addOrderLine(row);
    else if (/^C\d+$/.test(row.invoice)) this.#addCancellationLine(row);
    else this.#reject(row, 'not_an_order');
  }

  /** Matches the cancellations in the order of the input, and returns the plan. */
  finish(): ImportPlan {
    const ordersOf = new Map<string, Draft[]>();
    for (const invoice of this.#invoices.values()) {
      if (invoice.kind === 'cancellation') {
        const before = ordersOf.get(invoice.customerId) ?? [];
        this.#rejects.push(...matchCancellation(invoice, before));
      } else if (invoice.customerId !== null && invoice.lines.length > 0) {
        const orders = ordersOf.get(invoice.customerId);
        if (orders === undefined) ordersOf.set(invoice.customerId, [invoice]);
        else orders.push(invoice);
      }
    }
    const drafts = [...this.#invoices.values()].filter((one) => one.kind === 'order');
    const orders = drafts.filter((draft) => draft.lines.length > 0).map(finishOrder);
    const rejects = this.#rejects.sort((a, b) => a.file - b.file || a.line - b.line);
    return { orders, rejects };
  }

  #addOrderLine(row: InvoiceRow): void {
    const order = this.#orderOf(row);
    // Also where the line is rejected: every release has placed an invoice at the earliest time of all its lines, and
    // an import of an earlier one is gone on with only by commands that are the same.
    if (row.customerId === order.customerId && row.at < order.at) order.at = row.at;
    if (row.quantity <= 0) return this.#reject(row, 'quantity_not_positive');
    if (!row.priceIsPositive) return this.#reject(row, 'price_not_positive');
    if (row.unitPriceMinor === null) return this.#reject(row, 'price_precision');
    if (row.customerId !== order.customerId) {
      if (order.lines.length > 0) return this.#reject(row, 'other_customer');
      // So far the invoice has only rejected lines: they do not say whose it is.
      Object.assign(order, this.#headOf(row));
    }
    order.lines.push({
      sku: this.#once(row.sku),
      name: this.#once(row.name),
      quantity: row.quantity,
      unitPriceMinor: row.unitPriceMinor,
      unreturned: row.quantity,
    });
  }

  #addCancellationLine(row: InvoiceRow): void {
    if (row.quantity >= 0) return this.#reject(row, 'quantity_not_positive');
    if (row.customerId === null) return this.#reject(row, 'no_customer');
    const known = this.#invoices.get(row.invoice);
    const cancellation: CancellationDraft =
      known?.kind === 'cancellation'
        ? known
        : { kind: 'cancellation', invoice: row.invoice, customerId: row.customerId, at: row.at, lines: [] };
    if (row.customerId !== cancellation.customerId) return this.#reject(row, 'other_customer');
    if (known === undefined) this.#invoices.set(row.invoice, cancellation);
    if (row.at < cancellation.at) cancellation.at = row.at;
    cancellation.lines.push({ file: row.file, line: row.line, sku: row.sku, quantity: -row.quantity });
  }

  #orderOf(row: InvoiceRow): Draft {
    const known = this.#invoices.get(row.invoice);
    if (known?.kind === 'order') return known;
    const order: Draft = {
      kind: 'order',
      invoice: row.invoice,
      ...this.#headOf(row),
      lines: [],
      returns: [],
    };
    this.#invoices.set(row.invoice, order);
    return order;
  }

  /** What the first line of an invoice says of the whole of it. */
  #headOf({ customerId, countryName, at }: InvoiceRow): Pick<Draft, 'customerId' | 'countryName' | 'at'> {
    return {
      customerId: customerId === null ? null : this.#once(customerId),
      countryName: this.#once(countryName),
      at,
    };
  }

  #reject({ file, line }: { file: number; line: number }, reason: RejectReason): void {
    this.#rejects.push({ file, line, reason });
  }

  // 400,000 lines name 4,000 products: each text is kept in memory once.
  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}

function finishOrder({ invoice, customerId, countryName, at, lines, returns }: Draft) {
  const totalMinor = lines.reduce((total, line) => total + line.quantity * line.unitPriceMinor, 0);
  return { invoice, customerId, countryName, at, lines, totalMinor, returns };
}
