/**
 * The same text for equal content, whether it is a column's value, a part of a JSON document or a field of the
 * domain.
 */
export function textOf(value: unknown): string {
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${textOf(member)}`).join(',')}}`;
  }
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

const SHOWN_CHARACTERS = 160;

/** A sentence for each field that differs, including fields that are not expected at all. */
export function differences(
  expected: Readonly<Record<string, unknown>>,
  actual: Readonly<Record<string, unknown>>,
): string[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...names].flatMap((name) => {
    const [wanted, found] = [textOf(expected[name]), textOf(actual[name])];
    return wanted === found ? [] : [`${name} is ${shown(found)}, not ${shown(wanted)}`];
  });
}

function shown(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`;
}
