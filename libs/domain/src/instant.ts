declare const instant: unique symbol;

/**
 * A moment in UTC, to the millisecond, in the one form `2026-11-22T18:00:00.000Z`, so that two
 * instants compare as strings do.
 */
export type Instant = string & { readonly [instant]: never };

/**
 * Any RFC 3339 date-time as an Instant; null when it is none: no offset, a day that does not exist, a
 * year that needs more than four digits in UTC.
 */
export function instantOf(text: string): Instant | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i.exec(text);
  if (!match) return null;
  const epochMs = Date.parse(text.toUpperCase());
  if (Number.isNaN(epochMs) || !isDay(Number(match[1]), Number(match[2]), Number(match[3]))) return null;
  const at = instantAt(epochMs);
  return at.length === '2026-11-22T18:00:00.000Z'.length ? at : null;
}

/** Date.parse takes 30 February for 1 March. */
function isDay(year: number, month: number, day: number): boolean {
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

export function instantAt(epochMs: number): Instant {
  return new Date(epochMs).toISOString() as Instant;
}

export function epochMsOf(at: Instant): number {
  return Date.parse(at);
}

export function latest(a: Instant, b: Instant): Instant {
  return a < b ? b : a;
}
