/** Of a page: larger ones are cut. */
export const PAGE_MAX_BYTES = 4 * 1024 * 1024;

/** Of a row of `cutPage`. */
export interface OfCutPage {
  /** How many rows there were before the page was cut. */
  readonly found: number;
}

/**
 * SQL for rows in order, up to the one with which their `bytes` add up to PAGE_MAX_BYTES: a hundred events may be a
 * hundred megabytes, and query-api has to hold a page. The first row is always included.
 *
 * @param rows SQL that selects them; each tells its `bytes`
 * @param order of the rows, as columns of `o`; no two rows are equal in it
 */
export function cutPage(rows: string, order: string): string {
  return `SELECT * FROM (
      SELECT o.*, sum(o.bytes) OVER (ORDER BY ${order}) - o.bytes AS bytes_before, (count(*) OVER ())::int AS found
      FROM (${rows}) o
    ) o WHERE o.bytes_before < ${PAGE_MAX_BYTES} ORDER BY ${order}`;
}

/** SQL for the bytes of a JSON column, as it is sent. */
export function bytesOf(column: string): string {
  return `octet_length(${column}::text)`;
}
