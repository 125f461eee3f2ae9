import type { BenchOrder } from '../workload.js';

/**
 * A service that does the same work. Each call sends what a client of the service sends, one request after
 * another.
 */
export interface Contestant {
  readonly name: string;
  /** @returns the id of the order */
  place(order: BenchOrder): Promise<string>;
  /** The steps after placing: the order is confirmed and paid, then a shipment is created. */
  readonly proceed: readonly ((orderId: string, order: BenchOrder) => Promise<void>)[];
  read(orderId: string): Promise<void>;
  /** Resolves when everything written can be read and no work is left. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}
