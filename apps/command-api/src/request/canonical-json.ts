type Members = Readonly<Record<string, unknown>>;

/**
 * One text for everything that says the same: keys in order, and what is absent, null or empty left out.
 * So a field that a later release adds does not change what an older body reads as.
 *
 * @param value JSON, already validated: its depth is bounded and its numbers are finite
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  let text = '{';
  for (const { key, written } of keysOf(value)) {
    const member = (value as Members)[key];
    if (member === null || member === undefined) continue;
    const content = canonicalJson(member);
    if (content === '[]' || content === '{}') continue;
    text += (text === '{' ? '' : ',') + written + content;
  }
  return `${text}}`;
}

interface Key {
  readonly key: string;
  /** As JSON, with its colon. */
  readonly written: string;
}

const keysOfClasses = new WeakMap<object, readonly Key[]>();

/** In order. Every instance of a DTO has the same: an order of 2,000 lines would sort them 2,000 times. */
function keysOf(value: object): readonly Key[] {
  // Not its constructor: that may be one of its keys.
  const prototype = Object.getPrototypeOf(value) as object;
  if (prototype === Object.prototype) return sortedKeys(value);
  const known = keysOfClasses.get(prototype);
  if (known) return known;
  const keys = sortedKeys(value);
  keysOfClasses.set(prototype, keys);
  return keys;
}

function sortedKeys(value: object): readonly Key[] {
  return Object.keys(value)
    .sort()
    .map((key) => ({ key, written: `${JSON.stringify(key)}:` }));
}
