import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLane, type Row } from '../measure.js';
import { orderctlJson, type System } from '../system.js';
import { makeOrder } from '../workload.js';

const INVOICES = 3_000;
/** Place, confirm, capture, create a shipment, dispatch, deliver, complete. */
const COMMANDS_PER_ORDER = 7;
/** Return requested, approved, received; refund requested, succeeded; return closed. */
const COMMANDS_PER_RETURN = 6;
const TARGET_PER_SECOND = 1_000;
const FIRST_INVOICE_AT_MS = Date.UTC(2025, 0, 1, 8);
const INVOICE_EVERY_MS = 60_000;

interface ImportFigures {
  readonly ordersPlaced: number;
  readonly returnsClosed: number;
  readonly alreadyImported: number;
  readonly seconds: number;
}

/** A shop's file through `orderctl import`: of your own with `--file`, else one made up for it. */
export async function importOrders(system: System, file: string | null): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'orderlog-bench-import-'));
  try {
    const path = file ?? (await writeInvoices(join(folder, 'invoices.csv')));
    const rejects = join(folder, 'rejects.csv');
    const args = [
      'import',
      path,
      '--format',
      'online-retail',
      '--data',
      system.dataDir,
      '--rejects',
      rejects,
    ];
    let figures!: ImportFigures;
    const lane = await runLane(1, 1, async () => (figures = await orderctlJson<ImportFigures>(args)));
    const commands =
      (figures.ordersPlaced - figures.alreadyImported) * COMMANDS_PER_ORDER +
      figures.returnsClosed * COMMANDS_PER_RETURN;
    return {
      name: 'import',
      ratio: null,
      ratios: null,
      target: TARGET_PER_SECOND,
      perSecond: commands / figures.seconds,
      rawPerSecond: null,
      cpuMicrosPerOp: lane.cpuMicrosPerOp === null ? null : lane.cpuMicrosPerOp / commands,
      p50Ms: null,
      p99Ms: null,
    };
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
