/**
 * Draws from 0 to count − 1. The number k is drawn 1/(k + 1) times as often as 0 (Zipf's law, exponent 1): a few
 * things are asked for all the time, and most hardly ever.
 */
export function zipf(count: number, random: () => number): () => number {
  const upTo = new Float64Array(count);
  let sum = 0;
  for (let k = 0; k < count; k++) upTo[k] = sum += 1 / (k + 1);
  return () => firstAbove(upTo, random() * sum);
}

/** Index of the first value greater than `value` in an ascending list. */
function firstAbove(growing: Float64Array, value: number): number {
  let low = 0;
  let high = growing.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (growing[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
