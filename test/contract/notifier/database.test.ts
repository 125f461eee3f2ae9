import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { openDatabase } from '../../../examples/notifier/src/database.js';
import { freshDatabase } from '../../support/database.js';

let database: { url: string; drop: () => Promise<void> };
const pools: Pool[] = [];

beforeEach(async () => {
  database = await freshDatabase();
});
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.end();
  await database.drop();
});

it.each([
  ['options of its own', '-c statement_timeout=7000', '7s'],
  ['another search path', '-c statement_timeout=7000 -c search_path=public', '7s'],
  ['no options', null, '0'],
])(
  'notifiers of two schemas have their own tables in one database whose URL has %s',
  async (_, options, limit) => {
    const url = new URL(database.url);
    if (options !== null) url.searchParams.set('options', options);
    for (const schema of ['one', 'two']) {
      const pool = await openDatabase(url.href, schema, 1);
      pools.push(pool);
      await pool.query("INSERT INTO preferences VALUES ($1, 'en', '{}')", [schema]);
      const { rows } = await pool.query('SELECT customer_id, current_schema() AS schema FROM preferences');
      expect(rows).toEqual([{ customer_id: schema, schema }]);
      expect((await pool.query('SHOW statement_timeout')).rows).toEqual([{ statement_timeout: limit }]);
    }
  },
);
