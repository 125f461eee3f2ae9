type Members = Readonly<Record<string, unknown>>;

/**
 * One text for all values that mean the same: keys are sorted, and members that are null, `[]` or `{}` are left
 * out. So a field that a later release adds does not change the text of an older body.
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
  /** The key as JSON, with its colon. */
  readonly written: string;
}

const keysOfClasses = new WeakMap<object, readonly Key[]>();

/** Sorted keys, once per DTO class: otherwise an order of 2,000 lines would sort the same keys 2,000 times. */
function keysOf(value: object): readonly Key[] {
  // Classes are told apart by prototype, not by `constructor`: a key of the value may have that name.
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
