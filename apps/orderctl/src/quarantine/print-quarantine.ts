import { orderNumber } from '#domain/order/order-number.js';
import { count, counted } from '#platform/counted.js';
import type { Action } from '#read-models/stores/quarantine-actions.store.js';
import type { ParkedEvent, ParkedOrder } from '#read-models/stores/quarantine.store.js';
import type { Skip } from '#read-models/stores/skips.store.js';
import { printLine, table } from '../support/output.js';

const SHOWN_ORDERS = 50;
const SHOWN_EVENTS = 20;

export function printParked(orders: readonly ParkedOrder[]): void {
  if (orders.length === 0) return console.log('nothing is parked');
  const rows = orders
    .slice(0, SHOWN_ORDERS)
    .map((order) => [
      ...[order.projection, order.tenantId, order.orderId, orderNumber(order.orderId)],
      ...[`event ${order.revision}`, order.type ?? '', order.kind, counted(order.tries, 'try', 'tries')],
      ...[`${count(order.events)} parked`, next(order), order.reason],
    ]);
  console.log(table(rows));
  if (orders.length > SHOWN_ORDERS) {
    console.log(`… ${count(orders.length - SHOWN_ORDERS)} more (--json lists all)`);
  }
}

export function printParkedEvents(orderId: string, events: readonly ParkedEvent[]): void {
  console.log(`order ${orderId}, number ${orderNumber(orderId)}`);
  if (events.length === 0) return console.log('nothing of this order is parked');
  const rows = events
    .slice(0, SHOWN_EVENTS)
    .map((event) => [
      ...[event.projection, `event ${event.revision}`, event.type ?? '', event.kind, event.eventId ?? ''],
      ...[
        event.firstTriedAt ? `tried ${counted(event.tries, 'time')}` : 'not tried yet',
        tried(event),
        next(event),
        event.reason,
      ],
    ]);
  console.log(table(rows));
  if (events.length > SHOWN_EVENTS) {
    console.log(`… ${count(events.length - SHOWN_EVENTS)} more (--json lists all)`);
  }
}

export function printSkips(skips: readonly Skip[]): void {
  for (const { projection, revision, who, skippedAt, reason } of skips) {
    const line = `skipped in ${projection}: event ${revision}, by ${who} at ${at(skippedAt)}: ${reason}`;
    printLine(line);
  }
}

export function printActions(actions: readonly Action[]): void {
  for (const { askedAt, who, action, projection, revision, reason, outcome } of actions) {
    const what = revision === null ? action : `${action} ${revision}`;
    const why = reason === null ? '' : ` (${reason})`;
    const line = `${at(askedAt)} ${who}: ${what} in ${projection}${why}: ${outcome ?? 'not done yet'}`;
    printLine(line);
  }
}

function tried({ firstTriedAt, lastTriedAt }: ParkedEvent): string {
  return firstTriedAt && lastTriedAt ? `first ${at(firstTriedAt)}, last ${at(lastTriedAt)}` : '';
}

function next({ nextTryAt }: ParkedEvent): string {
  return nextTryAt ? `next try ${at(nextTryAt)}` : '';
}

function at(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
