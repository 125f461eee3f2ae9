import { createReadStream } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

export interface ShopFile {
  /** Path of a CSV file for `orderctl import`. */
  readonly path: string;
  /** Describes the source of the orders. */
  readonly origin: string;
}

/**
 * The first invoices of the real shop's file that ORDERLOG_TEST_RETAIL_FILE names, or all of them when `invoices`
 * is null. Without that variable, a made-up shop, which is the same each time.
 */
export async function shopFile(folder: string, invoices: number | null): Promise<ShopFile> {
  const real = process.env['ORDERLOG_TEST_RETAIL_FILE'];
  if (real && invoices === null) return { path: real, origin: real };
  if (invoices === null)
    throw new Error('the whole file is asked for, but ORDERLOG_TEST_RETAIL_FILE names none');
  const path = join(folder, 'shop.csv');
  if (real) {
    await copyFirst(real, invoices, path);
    return { path, origin: `the first ${invoices} invoices of ${real}` };
  }
  await writeFile(path, madeUpShop(invoices));
  return { path, origin: `${invoices} invoices made up` };
}

async function copyFirst(from: string, invoices: number, to: string): Promise<void> {
  const bytes = createReadStream(from);
  const text = from.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  const copy = await open(to, 'w');
  const seen = new Set<string>();
  let isHeader = true;
  for await (const line of createInterface({ input: text, crlfDelay: Infinity })) {
    if (!isHeader) seen.add(line.slice(0, line.indexOf(',')));
    isHeader = false;
    if (seen.size > invoices) break;
    await copy.write(`${line}\n`);
  }
  await copy.close();
  bytes.destroy();
}

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const COUNTRIES = ['United Kingdom', 'France', 'EIRE', 'Germany', 'Norway'];
const THINGS = ['Mug', '"Teapot, white"', 'Crème brûlée dish', '"Tray ""Grace"""', 'Lantern', 'Café clock £'];
const FIRST_DAY_MS = Date.UTC(2011, 0, 3, 9);
const MINUTES_BETWEEN = 7;

interface Sold {
  readonly sku: string;
  readonly customer: string;
  readonly quantity: number;
  readonly price: string;
}

/** Orders of one to eight lines, guests, returns of sold units, and lines that no order can have. */
function madeUpShop(invoices: number): string {
  const random = numbersFrom(20_110_103);
  const below = (limit: number) => Math.floor(random() * limit);
  const sold: Sold[] = [];
  const lines = [HEADER];
  for (let index = 0; index < invoices; index++) {
    const at = new Date(FIRST_DAY_MS + index * MINUTES_BETWEEN * 60_000).toISOString();
    const date = at.slice(0, 19).replace('T', ' ');
    const returned = index % 9 === 8 ? sold.splice(below(sold.length), 1)[0] : undefined;
    if (returned) {
      const { sku, quantity, price, customer } = returned;
      lines.push(`C${100_000 + index},${sku},Returned,${-quantity},${date},${price},${customer},France`);
      continue;
    }
    const customer = below(7) === 0 ? '' : `${10_000 + below(300)}.0`;
    const country = COUNTRIES[below(COUNTRIES.length)]!;
    const first = below(40);
    for (let line = 0; line <= below(8); line++) {
      const thing = first + line;
      const [sku, name] = [`SKU${thing}`, THINGS[thing % THINGS.length]!];
      const quantity = below(50) === 0 ? 0 : 1 + below(12);
      const price = `${1 + below(20)}.${10 + below(90)}`;
      lines.push(`${100_000 + index},${sku},${name},${quantity},${date},${price},${customer},${country}`);
      if (customer && quantity > 0) sold.push({ sku, customer, quantity, price });
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The same numbers from 0 to below 1 each time (the linear congruential generator of Numerical Recipes). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
