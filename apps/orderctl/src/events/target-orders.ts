import type { ExactEventStore } from '#event-store/port.js';
import { CliError } from '../support/cli-error.js';
import { digestOf, lineOf } from './event-line.js';
import { storedOrderEvents, type Patience } from './stored-order-events.js';

/** The order events that an event store already holds, as digests and positions: 16 bytes for each event. */
export class TargetOrders {
  readonly #streams = new Map<string, { digests: number[]; positions: number[] }>();

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
      const stream = orders.#streams.get(event.stream) ?? { digests: [], positions: [] };
      stream.digests[event.revision] = digestOf(lineOf(event));
      stream.positions[event.revision] = Number(event.position);
      orders.#streams.set(event.stream, stream);
      onLooked(++events);
    }
    return orders;
  }

  /**
   * Position at which the store holds this very event; null: it does not hold it.
   *
   * @throws CliError when the store has another event in its place
   */
  positionOf({ stream, revision }: { stream: string; revision: number }, line: string): number | null {
    const held = this.#streams.get(stream);
    if (held === undefined || revision >= held.digests.length) return null;
    if (held.digests[revision] === digestOf(line)) return held.positions[revision]!;
    throw differs(stream, revision);
  }
}

export function differs(stream: string, revision: number): CliError {
  return new CliError(
    `${stream} differs at revision ${revision}: the event store has another event there, which stays as it is`,
  );
}
