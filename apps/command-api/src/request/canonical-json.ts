/**
 * One text for everything that says the same: keys in order, and what is absent, null or empty left out.
 * So a field that a later release adds does not change what an older body reads as.
 *
 * @param value JSON, already validated: its depth is bounded
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const object = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member === null || member === undefined) continue;
    const written = canonicalJson(member);
    if (written === '[]' || written === '{}') continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${written}`;
  }
  return `{${text}}`;
}
