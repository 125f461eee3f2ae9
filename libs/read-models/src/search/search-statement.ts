import { summarySource, type SummaryQuestion } from '../readers/as-of.js';
import { bytesOf, cutPage, type OfCutPage } from '../readers/cut-page.js';
import { pageOf } from '../readers/order-list.reader.js';
import type { OrderSort } from '../readers/order-sort.js';
import type { ReadGeneration } from '../readers/read-models.js';
import { allOf, Parameters } from '../readers/sql.js';
import { selectSummary, summaryItemOf, type SummaryRow } from '../readers/summary-item.js';
import { SHARED_SCHEMA } from '../schema.js';
import { facetStatements, facetsOf, type FacetCount } from './facet-statements.js';
import type { Highlight } from './highlights.js';
import type { FacetName, OrderSearchPage, SearchHit } from './order-search.js';
import type { TextedOrder } from './order-texts.js';

export interface SearchStatementInput extends SummaryQuestion {
  readonly generation: ReadGeneration;
  readonly facets: readonly FacetName[];
  readonly sort: OrderSort;
  readonly cursor: string | null;
  readonly limit: number;
  readonly numberPrefix: string | null;
  readonly referencePrefix: string | null;
  /** Selects the ids of the orders that hold the words searched for; null: words play no part. */
  readonly foundBy: (parameters: Parameters) => string | null;
  /** Whether the page's rows come with their documents, to show where they hold the words. */
  readonly withTexts: boolean;
}

export interface FoundRow extends SummaryRow, Partial<OfCutPage> {
  readonly counts: readonly FacetCount[] | null;
  readonly checkpoint: string | null;
  readonly texted?: TextedOrder;
}

// Only what facets and sorts need is carried through the statement; the page's rows are read at its end.
const CARRIED = [
  'order_id',
  'revision',
  'number',
  'status',
  'payment_status',
  'fulfilment_status',
  'return_status',
  'country',
  'currency',
  'placed_at',
  'updated_at',
  'total_minor',
  'line_count',
]
  .map((column) => `o.${column}`)
  .join(', ');

/**
 * The page, the facets over all that matches and how far the index is, from one snapshot in one
 * statement: its first row carries what belongs to the page as a whole.
 */
export function searchStatement(input: SearchStatementInput): { text: string; values: unknown[] } {
  const { generation, audience, asOf, sort } = input;
  const parameters = new Parameters();
  const { from, conditions } = summarySource(generation.schema, input, parameters, 'o');
  const found = input.foundBy(parameters);
  const beginsWith = (column: string, prefix: string | null) => {
    if (prefix !== null) conditions.push(`o.${column} ^@ ${parameters.add(prefix)}`); // served by the column's btree
  };
  beginsWith('number', input.numberPrefix);
  beginsWith('reference', input.referencePrefix);
  const { combinations, counts } = facetStatements(input.facets);
  // Words are looked up in a query of their own: an index answers it without reading the words of any order.
  const [foundFirst, join] =
    found === null ? ['', ''] : [`found AS MATERIALIZED (${found}),`, 'JOIN found USING (order_id)'];
  const texts = `, d.document AS texted, coalesce(${bytesOf('d.document')}, 0) AS bytes`;
  const rows = `SELECT CASE WHEN row_number() OVER (ORDER BY ${sort.orderBy()}) = 1 THEN (${counts}) END AS counts,
      ${checkpointOf(parameters, generation)} AS checkpoint, ${selectSummary('d')}${input.withTexts ? texts : ''}
    FROM (SELECT) one LEFT JOIN page o ON true
    LEFT JOIN ${generation.schema}.${asOf === null ? 'orders' : 'order_history'} d
      ON d.tenant_id = ${parameters.add(audience.tenantId)} AND d.order_id = o.order_id
      AND d.revision = o.revision`;
  const text = `WITH ${foundFirst} matched AS MATERIALIZED (
      SELECT ${CARRIED} FROM ${from} ${join} WHERE ${allOf(conditions)}
    ), page AS MATERIALIZED (
      SELECT o.* FROM matched o WHERE ${allOf(sort.after(input.cursor, parameters))}
      ORDER BY ${sort.orderBy()} LIMIT ${parameters.add(input.limit + 1)}
    ), combinations AS MATERIALIZED (${combinations})
    ${input.withTexts ? cutPage(rows, sort.orderBy()) : `${rows} ORDER BY ${sort.orderBy()}`}`;
  return { text, values: parameters.values };
}

export function searchPageOf(
  rows: readonly FoundRow[],
  { facets, limit, sort }: Pick<SearchStatementInput, 'facets' | 'limit' | 'sort'>,
  highlights: (order: TextedOrder) => readonly Highlight[],
): OrderSearchPage {
  const { total, facets: counted } = facetsOf(facets, rows[0]!.counts ?? []);
  const checkpoint = rows[0]!.checkpoint;
  const through = checkpoint === null ? null : BigInt(checkpoint);
  const found = rows.filter((row) => row['order_id'] !== null);
  const isCut = rows.length < (rows[0]!.found ?? 0);
  const page = pageOf(found, limit, (row) => sort.cursorAfter(summaryItemOf(row)), isCut);
  const hitOf = (row: FoundRow): SearchHit => ({
    ...summaryItemOf(row),
    highlights: row.texted ? highlights(row.texted) : [],
  });
  return {
    items: page.items.map(hitOf),
    nextCursor: page.nextCursor,
    total,
    facets: counted,
    indexedThrough: through,
    shownThrough: through,
    writtenThrough: null,
  };
}

function checkpointOf(parameters: Parameters, generation: ReadGeneration): string {
  return `(SELECT position FROM ${SHARED_SCHEMA}.checkpoints
    WHERE generation = ${parameters.add(generation.rowsOf)} AND projection = 'orders')`;
}
