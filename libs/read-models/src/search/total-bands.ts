import { minorUnitDigits } from '#domain/currencies.js';

/** Where bands begin, in whole major units; the last has no end. */
const BOUNDS_MAJOR = [0, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];

const DIGITS = [0, 1, 2, 3, 4];

/** Every total, in minor units, at which a band of some currency begins: between two of them no band changes. */
export const bandEdgesMinor: readonly number[] = [
  ...new Set(DIGITS.flatMap((digits) => BOUNDS_MAJOR.map((bound) => bound * 10 ** digits))),
].sort((a, b) => a - b);

/**
 * The band that a total lies in, such as `GBP 50-100` (from 50 to below 100 pounds) or `GBP 10000+`. Of one
 * currency, since minor units of two cannot be compared.
 */
export function totalBandOf(currency: string, totalMinor: number): string {
  const perMajor = 10 ** (minorUnitDigits(currency) ?? 0);
  let index = BOUNDS_MAJOR.length - 1;
  while (index > 0 && totalMinor < BOUNDS_MAJOR[index]! * perMajor) index--;
  const end = BOUNDS_MAJOR[index + 1];
  return `${currency} ${BOUNDS_MAJOR[index]}${end === undefined ? '+' : `-${end}`}`;
}

/** By currency, and then by amount. */
export function compareTotalBands(a: string, b: string): number {
  const [currencyOfA, currencyOfB] = [a.slice(0, 3), b.slice(0, 3)];
  if (currencyOfA !== currencyOfB) return currencyOfA < currencyOfB ? -1 : 1;
  return Number.parseInt(a.slice(4), 10) - Number.parseInt(b.slice(4), 10);
}
