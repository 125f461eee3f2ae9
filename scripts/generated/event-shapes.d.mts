/** A primitive or literal by name, or an object; `list`, `record` and `oneOf` have meanings of their own. */
export type Shape = string | { readonly [key: string]: Shape | readonly Shape[] };
export type Shapes = Readonly<Record<string, Readonly<Record<string, Shape>>>>;

export function eventShapes(): Promise<string>;
export function withCurrent(
  recorded: Shapes,
  current: Readonly<Record<string, Shape>>,
  versionOf: (type: string) => number,
): Shapes;
export function currentShapes(overrides?: Readonly<Record<string, string>>): Record<string, Shape>;
