import { describe, expect, it, jest } from '@jest/globals';
import { prepareGeneration } from '#read-models/generations/generation.js';
import { postgresTerms } from '#read-models/search/postgres-terms.js';
import { searchTextOf } from '#read-models/search/search-text.js';
import { freshDatabase, testPool } from '../../support/database.js';

jest.setTimeout(60_000);

/** As many as begin with the same letters: only those that orders hold can be asked for. */
const ALIKE = Array.from({ length: 20 }, (_, n) => `hearth${String.fromCharCode(97 + n)}`);

describe('the plans of what words stand for', () => {
  it.each([
    ['kept for the words of a tenant', null, 2],
    ['made anew for those of a customer, whom a plan that is kept does not know', 'c-1', 0],
  ])('are %s', async (_, customerId, kept) => {
    const database = await freshDatabase();
    const pool = testPool(database.url, 1);
    try {
      const { schema } = await prepareGeneration(pool, null);
      await pool.query(`INSERT INTO ${schema}.search_words SELECT 'default', unnest($1::text[])`, [ALIKE]);
      const audience = { tenantId: 'default', customerId };
      await postgresTerms(pool, schema, audience, searchTextOf('heartth mug'), false);
      const { rows } = await pool.query<{ name: string }>(
        `SELECT name FROM pg_prepared_statements WHERE name <> ''`,
      );
      expect(rows).toHaveLength(kept);
    } finally {
      await pool.end();
      await database.drop();
    }
  });
});
