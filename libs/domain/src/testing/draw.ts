/** Choices made from a list of numbers, so that whoever makes the numbers can repeat and shrink them. */
export interface Draw {
  /** 0 … below − 1. */
  readonly below: (below: number) => number;
  readonly between: (least: number, most: number) => number;
  readonly one: <T>(of: readonly T[]) => T | undefined;
  /** True in `percent` of 100. */
  readonly chance: (percent: number) => boolean;
}

export function drawFrom(numbers: readonly number[]): Draw {
  let next = 0;
  const below = (limit: number): number => {
    const number = numbers[next % numbers.length] ?? 0;
    next += 1;
    // A different remainder on each turn round the list.
    return limit <= 1 ? 0 : (number + 7 * Math.floor(next / numbers.length)) % limit;
  };
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    one: (of) => of[below(of.length)],
    chance: (percent) => below(100) < percent,
  };
}
