import type { OrderId } from './ids.js';

/** Crockford's base32: no I, L, O or U, so that a number survives being read out. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const characters = 10;
const charactersBeforeHyphen = 5;

/**
 * The order's number for people, `7K3MQ-2XH9D`: the last 50 bits of its id, which are random or hashed
 * in every version of UUID in use.
 */
export function orderNumber(orderId: OrderId): string {
  let bits = BigInt(`0x${orderId.replaceAll('-', '').slice(-16)}`);
  let number = '';
  for (let i = 0; i < characters; i += 1) {
    number = digits.charAt(Number(bits & 31n)) + number;
    bits >>= 5n;
  }
  return hyphenated(number);
}

/**
 * A number, or the beginning of one, as a person has typed it: in any case, with or without the hyphen, and with
 * letters for the digits that they look like (Crockford's base32).
 */
export function typedOrderNumber(typed: string): string {
  const text = typed.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  return text === '' ? typed : hyphenated(text);
}

function hyphenated(text: string): string {
  if (text.length <= charactersBeforeHyphen) return text;
  return `${text.slice(0, charactersBeforeHyphen)}-${text.slice(charactersBeforeHyphen)}`;
}
