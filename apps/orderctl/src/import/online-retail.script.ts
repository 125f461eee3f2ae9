import { countryCode } from './country.js';
import type { PlannedOrder, PlannedReturn } from './import-plan.js';
import type { OrderScript, ScriptStep } from './order-script.js';

const CURRENCY = 'GBP';
const REFUND_REFERENCE = 'REF-';

/** Number of commands of an order without returns, and of each return. */
export const STEPS_PER_ORDER = 7;
export const STEPS_PER_RETURN = 6;

/** A shop's invoice as the life of an order: placed, paid, shipped and completed at one time, then its returns. */
export function scriptOf(order: PlannedOrder): OrderScript {
  return {
    name: order.invoice,
    key: `online-retail/${order.invoice}`,
    guarded: false, // each command makes something happen; others may work on the order before its returns
    steps: [...saleSteps(order), ...order.returns.flatMap(returnSteps)],
  };
}

/** The number of the cancellation that a refund was made for, by its provider reference; null: no import made it. */
export function cancellationOf(providerReference: string | null): string | null {
  const isOurs = providerReference?.startsWith(REFUND_REFERENCE) ?? false;
  return isOurs ? providerReference!.slice(REFUND_REFERENCE.length) : null;
}

function saleSteps(order: PlannedOrder): ScriptStep[] {
  const { invoice, at: occurredAt, totalMinor } = order;
  const payment = { amountMinor: totalMinor, currency: CURRENCY, providerReference: `INV-${invoice}` };
  return [
    { do: 'place', key: 'place', body: placing(order) },
    { do: 'confirm', key: 'confirm', body: { occurredAt } },
    { do: 'payments/captured', key: 'capture', body: { occurredAt, ...payment } },
    { do: 'shipments', key: 'ship', as: 'parcel', body: { occurredAt } },
    { do: 'shipments/{parcel}/dispatch', key: 'dispatch', body: { occurredAt } },
    { do: 'shipments/{parcel}/deliver', key: 'deliver', body: { occurredAt } },
    { do: 'complete', key: 'complete', body: { occurredAt } },
  ];
}

function placing({ invoice, customerId, countryName, at, lines }: PlannedOrder): ScriptStep['body'] {
  return {
    occurredAt: at,
    reference: invoice,
    ...(customerId === null ? {} : { customerId }),
    currency: CURRENCY,
    lines: lines.map(({ sku, name, quantity, unitPriceMinor }) => ({ sku, name, quantity, unitPriceMinor })),
    shippingAddress: { country: countryCode(countryName), countryName: countryName || null },
  };
}

function returnSteps({ invoice, at: occurredAt, lines: planned }: PlannedReturn): ScriptStep[] {
  const lines = planned.map(({ index, quantity }) => ({ lineId: `{lines.${index}}`, quantity }));
  const refund = { reason: 'return', currency: CURRENCY, returnId: '{return}', of: { kind: 'lines', lines } };
  const step = (route: string, key: string, body: ScriptStep['body'], as?: string): ScriptStep => ({
    do: route,
    key: `${invoice}/${key}`,
    body: { occurredAt, ...body },
    ...(as === undefined ? {} : { as }),
  });
  return [
    step('returns', 'request', { lines }, 'return'),
    step('returns/{return}/approve', 'approve', {}),
    step('returns/{return}/receive', 'receive', {}),
    step('refunds', 'refund', refund, 'refund'),
    step('refunds/{refund}/succeeded', 'refunded', { providerReference: `${REFUND_REFERENCE}${invoice}` }),
    step('returns/{return}/close', 'close', {}),
  ];
}
