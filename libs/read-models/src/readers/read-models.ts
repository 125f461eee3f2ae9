import type pg from 'pg';
import { tablesOf } from '../generations/generation-ddl.js';
import { engineOf } from '../generations/generation.js';
import { SHARED_SCHEMA } from '../schema.js';
import { trigramSchema } from '../search/trigrams.js';

/** The generation that queries are answered from. */
export interface ReadGeneration {
  readonly id: number;
  /** Schema of its tables: a name of our own making, safe to be part of a statement. */
  readonly schema: string;
  /** The generation whose projection `orders` writes these tables. */
  readonly rowsOf: number;
  /** Name of its Elasticsearch index; null: its tables are searched. */
  readonly searchIndex: string | null;
}

/** No generation is active yet: nothing can be read. */
export class NoActiveGeneration extends Error {
  constructor() {
    super('no generation of the read models that this release can read is active');
  }
}

/** Knows the active generation without asking on every request. */
export interface ActiveGenerationSource {
  /** @throws NoActiveGeneration */
  current(): Promise<ReadGeneration>;
  /** Asks anew: what was current is gone. @throws NoActiveGeneration */
  refreshed(): Promise<ReadGeneration>;
}

/** Those of the tables that generations share which queries read. */
const SHARED_TABLES = [
  'active_generation',
  'checkpoints',
  'generations',
  'late_events',
  'late_rows',
  'quarantine',
  'skips',
];

const UNDEFINED_TABLE = '42P01';
const INVALID_SCHEMA = '3F000';

/** The read tables, whichever generation they are in at the moment. */
export class ReadModels {
  readonly #generations: ActiveGenerationSource;

  constructor(
    readonly pool: pg.Pool,
    generations: ActiveGenerationSource,
  ) {
    this.#generations = generations;
  }

  /**
   * Locks no table: a table that is locked for a moment is no matter of rights.
   * @throws where the role lacks a right that queries need
   */
  async requireRights(): Promise<void> {
    await this.read(async ({ schema, searchIndex }, pool) => {
      const engine = engineOf(searchIndex);
      const own = tablesOf(engine).map((table) => `${schema}.${table}`);
      const shared = SHARED_TABLES.map((table) => `${SHARED_SCHEMA}.${table}`);
      // Of the shared tables, one may not be there yet: reads allow for that until a projector has made it.
      const { rows } = await pool.query<{ hidden: string }>(
        `SELECT t AS hidden FROM unnest($1::text[]) t WHERE NOT has_table_privilege(t, 'SELECT')
         UNION ALL
         SELECT t FROM unnest($2::text[]) t WHERE NOT has_table_privilege(to_regclass(t), 'SELECT')`,
        [own, shared],
      );
      const hidden = rows.map((row) => row.hidden);
      if (hidden.length > 0) throw new Error(`the role of query-api may not read ${hidden.join(', ')}`);
      if (engine === 'postgres') await trigramSchema(pool);
    });
  }

  /** Runs a read on the active generation; runs it once more if that generation was dropped after a flip. */
  async read<T>(work: (generation: ReadGeneration, pool: pg.Pool) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#generations.current(), this.pool);
    } catch (error) {
      const { code } = (error ?? {}) as { code?: unknown };
      if (code !== UNDEFINED_TABLE && code !== INVALID_SCHEMA) throw error;
      return work(await this.#generations.refreshed(), this.pool);
    }
  }
}
