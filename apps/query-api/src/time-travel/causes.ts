const SEPARATOR = '\u0000';

/** Remembers the causes of changes by place, to tell later what caused the change of a place. */
export class Causes<Cause> {
  readonly #at = new Map<string, Set<Cause>>();
  /** By each place, the causes of changes anywhere below it. */
  readonly #below = new Map<string, Set<Cause>>();

  /** @param cause of all that it changed the same object */
  add(place: readonly string[], cause: Cause): void {
    remember(this.#at, key(place), cause);
    for (let length = 0; length < place.length; length++) {
      remember(this.#below, key(place.slice(0, length)), cause);
    }
  }

  /** The causes of changes of this place, of anything in it, or of anything that contains it; in no order. */
  of(place: readonly string[]): Cause[] {
    const found = new Set<Cause>(this.#below.get(key(place)) ?? []);
    for (let length = 0; length <= place.length; length++) {
      for (const cause of this.#at.get(key(place.slice(0, length))) ?? []) found.add(cause);
    }
    return [...found];
  }
}

function key(place: readonly string[]): string {
  return place.join(SEPARATOR);
}

function remember<Cause>(map: Map<string, Set<Cause>>, at: string, cause: Cause): void {
  const known = map.get(at);
  if (known) known.add(cause);
  else map.set(at, new Set([cause]));
}
