import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { instantAt, type Instant } from '#domain/instant.js';
import type { OrderEvent } from '#domain/order/order.js';
import { orderNumber } from '#domain/order/order-number.js';
import { play } from '#domain/testing/story.js';
import { encode } from '#event-store/codec.js';
import type { EncodedEvent, EventStore } from '#event-store/port.js';
import { orderStream } from '#event-store/streams.js';

const HOUR_MS = 3_600_000;
/** Two months' end, so that months and days differ between time zones. */
export const BEGIN_MS = Date.UTC(2026, 0, 31, 20);
export const HOURS = 48;

/** Hours, counted from `BEGIN_MS`: few, so that events of one order and of several meet at one instant. */
export const hour = fc.nat(HOURS);

export function atHour(hours: number): Instant {
  return instantAt(BEGIN_MS + hours * HOUR_MS);
}

/** What an order is and when its events come: after nothing, one hour or some, by each clock for itself. */
export const history = fc.record({
  turns: fc.array(fc.array(fc.nat(), { minLength: 40, maxLength: 40 }), { minLength: 1, maxLength: 16 }),
  placed: hour,
  /** Orders of before the system came are recorded long after they were placed. */
  recorded: hour,
  pauses: fc.array(fc.tuple(fc.constantFrom(0, 0, 1, 2, 7), fc.constantFrom(0, 0, 1, 3)), {
    minLength: 4,
    maxLength: 8,
  }),
  customer: fc.constantFrom(null, 'c-1', 'c-2'),
  reference: fc.constantFrom(null, 'PO-1', 'PO-2'),
  country: fc.constantFrom(null, 'GB', 'FR'),
  currency: fc.constantFrom('GBP', 'GBP', 'JPY'),
  tags: fc.uniqueArray(fc.constantFrom('gift', 'late'), { maxLength: 2 }),
});
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** Appends the orders' streams, in turn, as a store has them that many write to; returns their names. */
export async function writeHistories(
  store: EventStore,
  tenantId: string,
  histories: readonly History[],
): Promise<string[]> {
  const streams = await Promise.all(histories.map((made) => streamOf(tenantId, made)));
  for (let revision = 0; streams.some(({ events }) => revision < events.length); revision++) {
    await Promise.all(
      streams.map(async ({ stream, events }) => {
        const event = events[revision];
        if (event) await store.append(stream, [event], revision === 0 ? 'no_stream' : revision - 1);
      }),
    );
  }
  return streams.map(({ stream }) => stream);
}

async function streamOf(
  tenantId: string,
  made: History,
): Promise<{ stream: string; events: readonly EncodedEvent[] }> {
  const orderId = randomUUID();
  // A first turn that places nothing is followed by one that does.
  const turns = [...made.turns, Array.from({ length: 40 }, () => 1)];
  const happened = play(turns).flatMap(({ events }) => events);
  let [occurred, recorded] = [made.placed, Math.max(made.placed, made.recorded)];
  const events: EncodedEvent[] = [];
  for (const [index, event] of happened.entries()) {
    // Nothing is placed later than it is recorded.
    const [occurredPause, recordedPause] = index === 0 ? [0, 0] : made.pauses[index % made.pauses.length]!;
    occurred += occurredPause;
    recorded += recordedPause;
    const dated = { ...placedAs(event, { ...made, tenantId, orderId }), occurredAt: atHour(occurred) };
    const commandId = randomUUID();
    const metadata = {
      tenantId,
      commandId,
      fingerprint: commandId.replaceAll('-', ''),
      correlationId: commandId,
      causationId: null,
      actor: { type: 'service', id: 'tests' } as const,
      recordedAt: atHour(recorded),
      traceparent: null,
    };
    events.push(...(await encode(orderId, [dated], metadata)));
  }
  return { stream: orderStream(tenantId, orderId), events };
}

/** The story's event as one of this order. */
function placedAs(
  event: OrderEvent,
  { orderId, tenantId, ...made }: History & { orderId: string; tenantId: string },
): OrderEvent {
  const inCurrency = JSON.parse(
    JSON.stringify(event).replaceAll('"GBP"', `"${made.currency}"`),
  ) as OrderEvent;
  if (inCurrency.type !== 'OrderPlaced') return inCurrency;
  const { customer: customerId, reference, country, tags } = made;
  const shippingAddress = { country, countryName: null };
  const number = orderNumber(orderId);
  const data = {
    ...inCurrency.data,
    orderId,
    tenantId,
    number,
    customerId,
    reference,
    shippingAddress,
    tags,
  };
  return { ...inCurrency, data };
}
