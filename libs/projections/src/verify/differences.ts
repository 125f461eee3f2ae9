/** A place where the read models differ from a fresh fold of the stream. */
export interface Difference {
  readonly tenantId: string;
  readonly orderId: string;
  readonly kind: DifferenceKind;
  /** The part that differs, e.g. `lines[3].quantity` or `revision 4: total_minor`; empty for a whole row. */
  readonly path: string;
  /** As JSON, shortened; null for an absent value, and always for personal data. */
  readonly expected: string | null;
  readonly actual: string | null;
}

export type DifferenceKind =
  /** The stream has events up to the head noted, and the order has no row. */
  | 'missing_row'
  /** A row of `orders`, `order_history` or `order_search` without a stream, or beyond its order's row. */
  | 'extra_row'
  /** The row lacks events of its stream. */
  | 'behind'
  | 'document'
  | 'personal'
  | 'summary'
  | 'history'
  | 'search'
  | 'word'
  /** A message that the topic lacks, or has in another order. */
  | 'topic'
  /** The stream alone cannot be read, or an event of it cannot be read or folded. */
  | 'unreadable';

export interface ValueDifference {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

const SHOWN_CHARACTERS = 120;
/** Of one value: when a row is wrong altogether, a few of its fields are enough to tell. */
const MAX_PATHS = 20;

/** Where two JSON values differ. Absent and undefined are the same; the order of keys does not matter. */
export function differencesBetween(expected: unknown, actual: unknown): ValueDifference[] {
  const found: ValueDifference[] = [];
  compare(expected, actual, '', found);
  return found;
}

/** `TENANT.ORDER (document at lines[3].quantity)` */
export function briefly({ tenantId, orderId, kind, path }: Difference): string {
  return `${tenantId}.${orderId} (${path === '' ? kind : `${kind} at ${path}`})`;
}

export function shown(value: unknown): string | null {
  if (value === undefined) return null;
  const json = JSON.stringify(value);
  return json.length <= SHOWN_CHARACTERS ? json : `${json.slice(0, SHOWN_CHARACTERS)}…`;
}

function compare(expected: unknown, actual: unknown, path: string, found: ValueDifference[]): void {
  if (Object.is(expected, actual) || found.length >= MAX_PATHS) return;
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length);
    for (let index = 0; index < length; index++) {
      compare(expected[index], actual[index], `${path}[${index}]`, found);
    }
  } else if (isObject(expected) && isObject(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      compare(expected[key], actual[key], path === '' ? key : `${path}.${key}`, found);
    }
  } else {
    found.push({ path, expected, actual });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
