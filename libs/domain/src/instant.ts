declare const instant: unique symbol;

/**
 * A moment in UTC, to the millisecond, in the one form `2026-11-22T18:00:00.000Z`, so that two
 * instants compare as strings do.
 */
export type Instant = string & { readonly [instant]: never };

/** Any RFC 3339 date-time as an Instant; null when it is none (a date that does not exist, no offset). */
export function instantOf(text: string): Instant | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i.exec(text);
  if (!match) return null;
  const [, year, month, day] = match.map(Number);
  if (day! > new Date(Date.UTC(year!, month!, 0)).getUTCDate()) return null; // 30 February
  const epochMs = Date.parse(text);
  return Number.isNaN(epochMs) ? null : instantAt(epochMs);
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
