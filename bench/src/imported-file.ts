import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orderctlJson, type System } from './system.js';
import { makeOrder } from './workload.js';

const INVOICES = 3_000;
const FIRST_INVOICE_AT_MS = Date.UTC(2025, 0, 1, 8);
const INVOICE_EVERY_MS = 60_000;

/** The part of the output of `orderctl import --json` that is used here. */
export interface ImportFigures {
  /** Commands that were sent and answered. */
  readonly commands: number;
  readonly seconds: number;
}

/** Imports a shop's file through `orderctl import`. @param file null: a made-up file */
export async function importFile(system: System, file: string | null): Promise<ImportFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'orderlog-bench-import-'));
  try {
    const path = file ?? (await writeInvoices(join(folder, 'invoices.csv')));
    const rejects = join(folder, 'rejects.csv');
    const options = ['--format', 'online-retail', '--data', system.dataDir, '--rejects', rejects];
    return await orderctlJson<ImportFigures>(['import', path, ...options]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeInvoices(path: string): Promise<string> {
  const rows = ['InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'];
  for (let i = 0; i < INVOICES; i++) {
    const { lines, reference, customerId } = makeOrder(i);
    const at = new Date(FIRST_INVOICE_AT_MS + i * INVOICE_EVERY_MS)
      .toISOString()
      .slice(0, 19)
      .replace('T', ' ');
    for (const { sku, name, quantity, unitPriceMinor } of lines) {
      rows.push(
        [
          reference,
          sku,
          name,
          quantity,
          at,
          (unitPriceMinor / 100).toFixed(2),
          `${customerId}.0`,
          'United Kingdom',
        ].join(),
      );
    }
  }
  await writeFile(path, rows.join('\n') + '\n');
  return path;
}
