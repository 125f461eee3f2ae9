/** Integer minor units throughout; BigInt only inside, where a product could pass 2^53. */

/**
 * `a × b / divisor` rounded half-even: the one rounding rule (invariant 5).
 * All three are integers, `a` and `b` ≥ 0, `divisor` > 0; the result must be a safe integer.
 */
export function mulDiv(a: number, b: number, divisor: number): number {
  const { whole, rest } = divide(a, b, divisor);
  const toHalf = divisor - rest; // compared instead of 2 × rest, which could pass 2^53
  const up = rest > toHalf || (rest === toHalf && whole % 2 === 1);
  return up ? whole + 1 : whole;
}

/**
 * Spreads an amount over weights by largest remainder, ties to the earlier; the parts sum to `totalMinor`.
 * @throws RangeError where there is an amount but no weight, or the weights pass 2^53: a bug of the caller.
 */
export function allocate(totalMinor: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (totalMinor === 0) return weights.map(() => 0);
  if (sum === 0 || !Number.isSafeInteger(sum)) {
    throw new RangeError(`cannot allocate ${totalMinor} over weights of ${sum}`);
  }
  const remainders: number[] = [];
  const parts = weights.map((weight) => {
    const { whole, rest } = divide(totalMinor, weight, sum);
    remainders.push(rest);
    return whole;
  });
  const left = totalMinor - parts.reduce((total, part) => total + part, 0);
  if (left > 0) {
    const byRemainder = parts
      .map((_, index) => index)
      .sort((a, b) => remainders[b]! - remainders[a]! || a - b);
    for (const index of byRemainder.slice(0, left)) parts[index]! += 1;
  }
  return parts;
}

/** `a × b / divisor`, exact. */
function divide(a: number, b: number, divisor: number): { whole: number; rest: number } {
  const product = a * b;
  if (product <= Number.MAX_SAFE_INTEGER) {
    const rest = product % divisor;
    return { whole: (product - rest) / divisor, rest };
  }
  const exact = BigInt(a) * BigInt(b);
  return { whole: Number(exact / BigInt(divisor)), rest: Number(exact % BigInt(divisor)) };
}
