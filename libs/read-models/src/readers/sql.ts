/** Collects the values of a statement while its text is built, so that no value is ever part of the text. */
export class Parameters {
  readonly values: unknown[] = [];

  /** Adds a value; answers its placeholder (`$3`). */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** Conditions of a WHERE clause that must all hold. */
export function allOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'true' : conditions.join(' AND ');
}
