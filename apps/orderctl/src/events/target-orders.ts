import type { ExactEventStore } from '#event-store/port.js';
import { CliError } from '../support/cli-error.js';
import { digestOf, lineOf } from './event-line.js';
import { storedOrderEvents, type Patience } from './stored-order-events.js';

/** The order events that an event store already holds, as digests: eight bytes for each event. */
export class TargetOrders {
  readonly #digests = new Map<string, number[]>();

  private constructor() {}

  /** @param onLooked told after each event how many were seen; may end the work by throwing */
  static async of(
    store: Pick<ExactEventStore, 'subscribeToAllExact' | 'headPosition'>,
    patience: Patience,
    onLooked: (events: number) => void,
  ): Promise<TargetOrders> {
    const orders = new TargetOrders();
    let events = 0;
    const upTo = (await store.headPosition()) ?? -1n;
    for await (const event of storedOrderEvents(store, { after: null, upTo, patience })) {
      const digests = orders.#digests.get(event.stream) ?? [];
      digests[event.revision] = digestOf(lineOf(event));
      orders.#digests.set(event.stream, digests);
      onLooked(++events);
    }
    return orders;
  }

  /**
   * Whether the store holds this very event.
   *
   * @throws CliError when the store has another event in its place
   */
  has({ stream, revision }: { stream: string; revision: number }, line: string): boolean {
    const digests = this.#digests.get(stream);
    if (digests === undefined || revision >= digests.length) return false;
    if (digests[revision] === digestOf(line)) return true;
    throw differs(stream, revision);
  }
}

export function differs(stream: string, revision: number): CliError {
  return new CliError(
    `${stream} differs at revision ${revision}: the event store has another event there, which stays as it is`,
  );
}
