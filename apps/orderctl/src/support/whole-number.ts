import { InvalidArgumentError } from 'commander';

const MAX = 999_999_999;

/** Reads a whole number from the command line. @param refusal by default the range that is needed */
export function wholeNumber(
  from: number,
  to = MAX,
  refusal: string | ((text: string) => string) = rangeNeeded(from, to),
): (text: string) => number {
  const maxDigits = String(to).length;
  return (text) => {
    const value = /^\d+$/.test(text) && text.length <= maxDigits ? Number(text) : NaN;
    if (value >= from && value <= to) return value;
    throw new InvalidArgumentError(typeof refusal === 'string' ? refusal : refusal(text));
  };
}

function rangeNeeded(from: number, to: number): string {
  return `a whole number from ${from}${to === MAX ? '' : ` to ${to}`} is needed`;
}
