/** The names of three letters that IANA knows. */
const THREE_LETTERS: ReadonlySet<string> = new Set(
  'CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET'.split(' '),
);

/**
 * Whether it is the name of a time zone (IANA). Node takes PST, IST and the like, too, each for one of the places that
 * say so, and PostgreSQL for an offset that knows no summer, of another place at times: they are none.
 */
export function isTimeZone(name: string): boolean {
  if (name.length === 3 && !THREE_LETTERS.has(name.toUpperCase())) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
