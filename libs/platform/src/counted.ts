/** `1,234,567` */
export function count(value: number): string {
  return value.toLocaleString('en-GB');
}

/** `1 order`, `1,234 orders`. A verb that depends on the number is part of both: `order is`, `orders are`. */
export function counted(value: number, one: string, many?: string): string {
  return `${count(value)} ${nounFor(value, one, many)}`;
}

/** The noun for a number that is written otherwise than `counted` does. */
export function nounFor(value: number, one: string, many = `${one}s`): string {
  return value === 1 ? one : many;
}
