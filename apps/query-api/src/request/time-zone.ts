/** The IANA names that have three letters. */
const THREE_LETTERS: ReadonlySet<string> = new Set(
  'CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET'.split(' '),
);

/**
 * Whether it is the IANA name of a time zone. Abbreviations such as PST and IST are not: Node takes each for one
 * of the places that use it, and PostgreSQL for a fixed offset without summer time, at times of another place.
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
