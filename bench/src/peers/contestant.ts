import type { BenchOrder } from '../workload.js';

/** A service that does the same work; each call is what a client of it sends, one request after the other. */
export interface Contestant {
  readonly name: string;
  /** @returns the id of the order */
  place(order: BenchOrder): Promise<string>;
  /** The order is confirmed, then paid, then a shipment made. */
  readonly proceed: readonly ((orderId: string, order: BenchOrder) => Promise<void>)[];
  read(orderId: string): Promise<void>;
  /** Until whatever was written can be read, and nothing is left to do. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}
