import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { printActions, printSkips } from './print-quarantine.js';

let printed: string[] = [];
beforeEach(() => {
  printed = [];
  jest.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => void jest.restoreAllMocks());

const asked = {
  ...{ projection: 'orders', revision: 1, who: '\u001b[2Jada', reason: 'gone\nskipped in orders: event 2' },
  ...{ skippedAt: new Date(0), askedAt: new Date(0), action: 'skip', outcome: 'done\r' },
};

it('prints what people wrote on one line for each request, without what a terminal would obey', () => {
  printSkips([asked as never]);
  printActions([asked as never]);
  expect(printed).toEqual([
    'skipped in orders: event 1, by \\u001b[2Jada at 1970-01-01T00:00:00Z: gone\\nskipped in orders: event 2',
    '1970-01-01T00:00:00Z \\u001b[2Jada: skip 1 in orders (gone\\nskipped in orders: event 2): done\\r',
  ]);
});
