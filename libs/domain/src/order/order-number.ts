import type { OrderId } from './ids.js';

/** Crockford's base32: no I, L, O or U, so that a number survives being read out. */
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const characters = 10;

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
  return `${number.slice(0, 5)}-${number.slice(5)}`;
}
