const MIDDLE = 2n ** 63n;

/**
 * The two halves of a UUID as signed 64-bit numbers, which sort as the ids do. They are text: JSON would round
 * them.
 */
export interface OrderIdHalves {
  readonly orderIdHigh: string;
  readonly orderIdLow: string;
}

export function orderIdHalves(orderId: string): OrderIdHalves {
  const hex = orderId.replaceAll('-', '');
  const half = (from: number) => (BigInt(`0x${hex.slice(from, from + 16)}`) - MIDDLE).toString();
  return { orderIdHigh: half(0), orderIdLow: half(16) };
}
