import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import type { LedgerEntry } from '../chaos/provider/ledger.js';

/** The columns of a line that matter for money. */
interface Row {
  readonly InvoiceNo: string;
  readonly StockCode: string;
  readonly Quantity: string;
  readonly InvoiceDate: string;
  readonly UnitPrice: string;
  readonly CustomerID: string;
}

interface Sale {
  readonly invoice: string;
  readonly customer: string;
  at: string;
  readonly lines: {
    readonly sku: string;
    readonly priceMinor: bigint;
    readonly sold: bigint;
    left: bigint;
  }[];
}

/** The refunded amount for the units of one sale that one cancellation returned. */
interface Refund {
  readonly sale: Sale;
  readonly invoice: string;
  amountMinor: bigint;
}

/**
 * A shop's file as the ledger of its payment provider, if each invoice was captured and each returned unit
 * refunded at its price. It is computed from the file alone, independently of the importer. A cancellation takes
 * its units from the same customer's sales before it in the file that are not of a later time, the latest first.
 *
 * @param orderIdOf the order that an invoice became
 */
export async function ledgerOfShop(
  path: string,
  orderIdOf: (invoice: string) => string,
): Promise<LedgerEntry[]> {
  const { sales, refunds } = await read(path);
  const ledger: LedgerEntry[] = [];
  const book = (kind: LedgerEntry['kind'], reference: string, { invoice }: Sale, minor: bigint) => {
    const orderId = orderIdOf(invoice);
    ledger.push({
      ...{ seq: ledger.length + 1, kind, reference, requestId: reference, cause: `${reference} ${orderId}` },
      ...{ tenantId: 'default', orderId, amountMinor: Number(minor), currency: 'GBP' },
      ...{ authorization: null, refundId: null, capture: null },
    });
  };
  for (const sale of sales) {
    const totalMinor = sale.lines.reduce((sum, { sold, priceMinor }) => sum + sold * priceMinor, 0n);
    book('captured', `INV-${sale.invoice}`, sale, totalMinor);
  }
  for (const { sale, invoice, amountMinor } of refunds) book('refunded', `REF-${invoice}`, sale, amountMinor);
  return ledger;
}

async function read(path: string): Promise<{ sales: Sale[]; refunds: Refund[] }> {
  const sales = new Map<string, Sale>();
  const order: string[] = [];
  const cancellations = new Map<string, Row[]>();
  for await (const row of rowsOf(path)) {
    const { InvoiceNo: invoice } = row;
    if (!/^C?\d+$/.test(invoice)) continue;
    if (!sales.has(invoice) && !cancellations.has(invoice) && isTaken(row)) order.push(invoice);
    if (invoice.startsWith('C')) {
      if (isTaken(row)) cancellations.set(invoice, [...(cancellations.get(invoice) ?? []), row]);
      continue;
    }
    const known = sales.get(invoice);
    const sale = known ?? { invoice, customer: row.CustomerID, at: row.InvoiceDate, lines: [] };
    sales.set(invoice, sale);
    if (row.InvoiceDate < sale.at) sale.at = row.InvoiceDate;
    const priceMinor = minorOf(row.UnitPrice);
    if (Number(row.Quantity) <= 0 || priceMinor === null || priceMinor <= 0n) continue;
    sale.lines.push({
      ...{ sku: row.StockCode, priceMinor },
      ...{ sold: BigInt(row.Quantity), left: BigInt(row.Quantity) },
    });
  }
  const refunds: Refund[] = [];
  const before: Sale[] = [];
  for (const invoice of order) {
    const sale = sales.get(invoice);
    if (sale) before.push(sale);
    const rows = cancellations.get(invoice) ?? [];
    const at = rows.reduce((first, { InvoiceDate: date }) => (date < first ? date : first), '9999');
    const earlier = before.filter((one) => one.at <= at);
    for (const row of rows) refund(row, earlier, refunds);
  }
  return { sales: [...sales.values()].filter(({ lines }) => lines.length > 0), refunds };
}

/**
 * Whether a line makes its invoice count: any line of a sale does, and of a cancellation a line that can be
 * matched.
 */
function isTaken({ InvoiceNo: invoice, Quantity: quantity, CustomerID: customer }: Row): boolean {
  return !invoice.startsWith('C') || (Number(quantity) < 0 && customer !== '');
}

function refund(row: Row, earlier: readonly Sale[], refunds: Refund[]): void {
  let wanted = -BigInt(row.Quantity);
  const own = earlier.filter(({ customer }) => customer === row.CustomerID);
  for (const sale of own.reverse().sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? 1 : -1))) {
    for (const line of sale.lines) {
      const units = line.sku !== row.StockCode ? 0n : wanted < line.left ? wanted : line.left;
      if (units === 0n) continue;
      line.left -= units;
      wanted -= units;
      const known = refunds.find((each) => each.sale === sale && each.invoice === row.InvoiceNo);
      if (known) known.amountMinor += units * line.priceMinor;
      else refunds.push({ sale, invoice: row.InvoiceNo, amountMinor: units * line.priceMinor });
    }
  }
}

/** null: the price has more than two decimals. */
function minorOf(price: string): bigint | null {
  const [whole = '', fraction = ''] = price.replace(/(\.\d*?)0+$/, '$1').split('.');
  return fraction.length > 2 ? null : BigInt(whole + fraction.padEnd(2, '0'));
}

async function* rowsOf(path: string): AsyncGenerator<Row> {
  const bytes = createReadStream(path);
  const text = path.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  for await (const row of text.pipe(parse({ columns: true, bom: true, trim: false }))) yield row as Row;
}
