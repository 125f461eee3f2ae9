import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { countryCode } from './country.js';
import { parsePrice, readInvoiceRows, type InvoiceRow } from './online-retail.rows.js';

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const LINE = '1,85123A,"Heart, white",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-rows-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function rowsOf(content: string | Buffer): Promise<InvoiceRow[]> {
  const path = join(folder, 'input.csv');
  await writeFile(path, content);
  return all(readInvoiceRows([path]));
}

describe('a file of invoice lines', () => {
  it('is read plain or gzipped, whatever its name', async () => {
    const expected = {
      file: 0,
      line: 2,
      invoice: '1',
      sku: '85123A',
      name: 'Heart, white',
      quantity: 6,
      unitPriceMinor: 255,
      at: '2010-12-01T08:26:00.000Z',
      customerId: '17850',
      countryName: 'United Kingdom',
    };
    expect(await rowsOf(`${HEADER}\n${LINE}\n`)).toMatchObject([expected]);
    expect(await rowsOf(gzipSync(`\ufeff${HEADER}\r\n${LINE}\r\n`))).toMatchObject([expected]);
  });

  it('may have its columns in any order, and more of them', async () => {
    const header = 'Extra,Country,CustomerID,UnitPrice,InvoiceDate,Quantity,Description,StockCode,InvoiceNo';
    expect(await rowsOf(`${header}\nx,France,,1,2010-12-01 08:26:00,1, ,A,7\n`)).toMatchObject([
      { invoice: '7', name: 'A', customerId: null, countryName: 'France', unitPriceMinor: 100 },
    ]);
  });

  it.each([
    ['lacks a column', `${HEADER.replace(',Quantity', '')}\n`, /lacks Quantity/],
    ['is empty', '', /is empty/],
    ['is ndjson', '{"key":"A-1","commands":[]}\n', /input\.csv: holds JSON.*: give --format ndjson$/],
    ['is ndjson, with a mark at its start', '\ufeff\n{"key":"A-1"}\n', /give --format ndjson$/],
    [
      'is not UTF-8',
      Buffer.concat([Buffer.from(`${HEADER}\n1,`), Buffer.from([0xa3, 0x31])]),
      /is not UTF-8/,
    ],
    ['is a cut gzip', gzipSync(`${HEADER}\n${LINE}\n`).subarray(0, 60), /gzip data is cut off/],
    [
      'is a damaged gzip',
      Buffer.concat([gzipSync(HEADER).subarray(0, 12), Buffer.alloc(50, 7)]),
      /gzip data is damaged/,
    ],
    ['has a short record', `${HEADER}\n1,2\n`, /line 2/],
    ['has a quote that never ends', `${HEADER}\n"1,2\n`, /quote/i],
    [
      'has a quantity that is none',
      `${HEADER}\n${LINE.replace(',6,', ',six,')}\n`,
      /line 2: Quantity is "six"/,
    ],
    ['has a price that is none', `${HEADER}\n${LINE.replace('2.55', '1e9')}\n`, /line 2: UnitPrice is "1e9"/],
    ['has a day that is none', `${HEADER}\n${LINE.replace('12-01', '02-30')}\n`, /line 2: InvoiceDate/],
  ])('is refused with one line when it %s', async (_, content, message) => {
    await expect(rowsOf(content)).rejects.toThrow(message);
    await expect(rowsOf(content)).rejects.toThrow(/^[^\n]*input\.csv[^\n]*$/);
  });

  it('is refused when there is none', async () => {
    await expect(all(readInvoiceRows([join(folder, 'none.csv')]))).rejects.toThrow(/no such file/);
    await expect(all(readInvoiceRows([folder]))).rejects.toThrow(/is a folder/);
  });
});

it.each([
  ['2.55', 255, true],
  ['3', 300, true],
  ['0.1', 10, true],
  ['2.550', 255, true],
  ['0.001', null, true],
  ['0', 0, false],
  ['0.00', 0, false],
  ['-11062.06', -1_106_206, false],
])('reads the price %s without floats', (text, minor, positive) => {
  expect(parsePrice(text)).toEqual({ minor, positive });
});

it.each([
  ['United Kingdom', 'GB'],
  ['EIRE', 'IE'],
  ['RSA', 'ZA'],
  ['USA', 'US'],
  ['Czech Republic', 'CZ'],
  ['Hong Kong', 'HK'],
  ['Channel Islands', null],
  ['European Community', null],
  ['Unspecified', null],
  ['', null],
])('knows the country code of %s', (name, code) => {
  expect(countryCode(name)).toBe(code);
});
