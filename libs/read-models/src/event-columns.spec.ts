import { describe, expect, it } from '@jest/globals';
import { eventColumns, pushEventValues } from './event-columns.js';
import type { HistoryRow } from './orders.projection.js';

describe('the values of an event', () => {
  it('stand in the order of their columns', () => {
    const row = Object.fromEntries(eventColumns.map(({ field }) => [field, `the ${field}`]));
    const values: unknown[] = [];
    pushEventValues(values, row as unknown as HistoryRow);
    expect(values).toEqual(
      eventColumns.map(({ field, type }) => (type === 'json' ? JSON.stringify(row[field]) : row[field])),
    );
  });
});
