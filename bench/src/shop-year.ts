import { instantAt, type Instant } from '#domain/instant.js';
import type { OrderCommand } from '#domain/order/order.js';
import type { EventStore } from '#event-store/port.js';
import { steps } from './lifecycle-steps.js';
import { IN_FLIGHT } from './system.js';
import { RawOrder, type PreparedAppend } from './raw-orders.js';
import { makeOrder, seeded, totalMinorOf, type BenchOrder } from './workload.js';

/** A shop's year: orders come evenly, and each is confirmed, paid, shipped and completed within weeks. */
export const YEAR_BEGINS_MS = Date.UTC(2025, 0, 1);
export const YEAR_ENDS_MS = Date.UTC(2026, 0, 1);

const HOUR_MS = 3_600_000;
/** Longest time after the step before, in the order of `steps`. */
const STEP_HOURS_MOST = [8, 24, 12, 48, 48, 120, 336] as const;
/** Few lines are enough: the cost of a page of a list does not depend on them. */
const LINES_MOST = 5;
const CANCELLED_SHARE = 0.04;
const ABROAD_SHARE = 0.15;
const ABROAD = ['DE', 'FR', 'IE', 'NL', 'NO', 'ES', 'CH', 'PT', 'BE', 'IT'];

const cancel: OrderCommand = { type: 'CancelOrder', data: { reason: null }, personal: null };

/**
 * Fills a store with orders that are placed and proceed over a year, each stream in one append. Steps due after
 * the year's end are left out. The orders are the same each time, except for their ids.
 */
export async function appendLives(store: EventStore, count: number): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < count) {
        const { stream, events } = await lifeOf(next++, count);
        await store.append(stream, events, 'no_stream');
      }
    }),
  );
}

export function lifeOrder(index: number): BenchOrder {
  const order = makeOrder(index);
  const random = seeded(index + 7);
  const country = random() < ABROAD_SHARE ? ABROAD[Math.floor(random() * ABROAD.length)]! : 'GB';
  const lines = order.lines.slice(0, LINES_MOST);
  return { ...order, lines, shippingAddress: { country, countryName: country } };
}

async function lifeOf(index: number, count: number): Promise<PreparedAppend> {
  const random = seeded(index + 1_000_003);
  const order = lifeOrder(index);
  const raw = new RawOrder();
  let atMs = Math.floor(YEAR_BEGINS_MS + ((YEAR_ENDS_MS - YEAR_BEGINS_MS) * index) / count);
  const placed = await raw.placed(order, instantAt(atMs));
  const events = [...placed.events];
  const does = async (command: OrderCommand, at: Instant) =>
    events.push(...(await raw.prepare(command, at)).events);
  const isCancelled = random() < CANCELLED_SHARE;
  for (const [step, { command }] of steps.entries()) {
    atMs += Math.floor(random() * STEP_HOURS_MOST[step]! * HOUR_MS);
    if (atMs >= YEAR_ENDS_MS) break;
    if (isCancelled) {
      await does(cancel, instantAt(atMs));
      break;
    }
    await does(command(raw.state!, totalMinorOf(order)), instantAt(atMs));
  }
  return { ...placed, events };
}
