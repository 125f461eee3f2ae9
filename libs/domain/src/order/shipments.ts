import type { Command, Event } from '../decider.js';
import { sameContent } from '../equality.js';
import type { DecideArea, EvolveArea } from './area.js';
import { checkOneMore, checkReason, checkText } from './checks.js';
import type { LineQuantity } from './content.js';
import { freshId } from './identity.js';
import type { ShipmentId } from './ids.js';
import { LIMITS } from './limits.js';
import { atMost, changedLines, checkQuantities, remaining, unshipped } from './lines.js';
import { accept, isRefusal, reject, type Refusal } from './rejections.js';
import type { Line, Order, Shipment } from './state.js';
import { checkAllowed } from './transitions.js';

type ShipmentAndReason = { readonly shipmentId: ShipmentId; readonly reason: string | null };

export type ShipmentEvent =
  | Event<
      'ShipmentCreated',
      {
        readonly shipmentId: ShipmentId;
        readonly carrier: string | null;
        readonly lines: readonly LineQuantity[];
      }
    >
  | Event<
      'ShipmentDispatched',
      {
        readonly shipmentId: ShipmentId;
        readonly carrier: string | null;
        readonly trackingNumber: string | null;
      }
    >
  | Event<
      'ShipmentTrackingChanged',
      {
        readonly shipmentId: ShipmentId;
        readonly carrier: string | null;
        readonly trackingNumber: string;
      }
    >
  | Event<'ShipmentDelivered', { readonly shipmentId: ShipmentId }>
  | Event<'ShipmentLost', ShipmentAndReason>
  | Event<'ShipmentCancelled', ShipmentAndReason>;

export type ShipmentCommand =
  /** Empty `lines`: everything that is left to ship. */
  | Command<'CreateShipment', { readonly carrier: string | null; readonly lines: readonly LineQuantity[] }>
  | Command<
      'DispatchShipment',
      {
        readonly shipmentId: ShipmentId;
        readonly carrier: string | null;
        readonly trackingNumber: string | null;
      }
    >
  | Command<
      'ChangeShipmentTracking',
      {
        readonly shipmentId: ShipmentId;
        /** null: as it is. */
        readonly carrier: string | null;
        readonly trackingNumber: string;
      }
    >
  | Command<'DeliverShipment', { readonly shipmentId: ShipmentId }>
  | Command<'RecordShipmentLost', ShipmentAndReason>
  | Command<'CancelShipment', ShipmentAndReason>;

export const evolveShipments: EvolveArea<ShipmentEvent> = {
  ShipmentCreated: (order, { data, occurredAt }) => {
    const shipment: Shipment = {
      shipmentId: data.shipmentId,
      carrier: data.carrier,
      lines: data.lines,
      status: 'created',
      trackingNumber: null,
      createdAt: occurredAt,
      dispatchedAt: null,
      deliveredAt: null,
    };
    return {
      ...order,
      lines: changedLines(order, data.lines, (line, quantity) => ({ shipped: line.shipped + quantity })),
      shipments: [...order.shipments, shipment],
    };
  },

  ShipmentDispatched: (order, { data: { shipmentId, carrier, trackingNumber }, occurredAt }) =>
    moveShipment(
      order,
      shipmentId,
      { status: 'dispatched', carrier, trackingNumber, dispatchedAt: occurredAt },
      (line, quantity) => ({ dispatched: line.dispatched + quantity }),
    ),

  ShipmentTrackingChanged: (order, { data: { shipmentId, carrier, trackingNumber } }) =>
    changeShipment(order, shipmentId, { carrier, trackingNumber }),

  ShipmentDelivered: (order, { data, occurredAt }) =>
    moveShipment(
      order,
      data.shipmentId,
      { status: 'delivered', deliveredAt: occurredAt },
      (line, quantity) => ({ delivered: line.delivered + quantity }),
    ),

  ShipmentLost: (order, { data }) =>
    moveShipment(order, data.shipmentId, { status: 'lost' }, (line, quantity) => ({
      shipped: line.shipped - quantity,
      dispatched: line.dispatched - quantity,
    })),

  ShipmentCancelled: (order, { data }) =>
    moveShipment(order, data.shipmentId, { status: 'cancelled' }, (line, quantity) => ({
      shipped: line.shipped - quantity,
    })),
};

export const decideShipments: DecideArea<ShipmentCommand, ShipmentEvent> = {
  CreateShipment: (order, { data: { carrier, lines } }, context) => {
    const again = order.shipments.find(({ shipmentId }) => shipmentId === context.newId(0));
    if (again && holdsShipment(again, carrier, lines)) return accept();
    const shipmentId = freshId(order, context);
    if (isRefusal(shipmentId)) return shipmentId;
    const wrong =
      checkAllowed(order, 'CreateShipment') ?? checkText(carrier, LIMITS.nameCharacters, 'carrier');
    if (wrong) return wrong;
    const wanted = lines.length === 0 ? remaining(order, unshipped) : lines;
    if (wanted.length === 0) return reject('quantity_exceeds_unshipped');
    // Cancelled and shipped units together may never exceed what was ordered (invariant 1).
    const refused =
      checkQuantities(order, wanted, atMost(unshipped, 'quantity_exceeds_unshipped')) ??
      checkOneMore(
        'shipments',
        order.shipments.map((each) => each.lines),
        wanted,
      );
    if (refused) return refused;
    return accept({ type: 'ShipmentCreated', data: { shipmentId, carrier, lines: wanted } });
  },

  DispatchShipment: (order, { data: { shipmentId, carrier, trackingNumber } }) => {
    const shipment = findShipment(order, shipmentId);
    if (isRefusal(shipment)) return shipment;
    const sent = shipment.dispatchedAt !== null;
    const same =
      (carrier ?? shipment.carrier) === shipment.carrier &&
      (trackingNumber ?? shipment.trackingNumber) === shipment.trackingNumber;
    if (sent && same) return accept();
    const wrong =
      checkAllowed(order, 'DispatchShipment') ??
      checkState(shipment, 'created') ??
      checkText(carrier, LIMITS.nameCharacters, 'carrier') ??
      checkText(trackingNumber, LIMITS.referenceCharacters, 'trackingNumber');
    if (wrong) return wrong;
    return accept({
      type: 'ShipmentDispatched',
      data: {
        shipmentId,
        carrier: carrier ?? shipment.carrier,
        trackingNumber: trackingNumber ?? shipment.trackingNumber,
      },
    });
  },

  ChangeShipmentTracking: (order, { data: { shipmentId, carrier: given, trackingNumber } }) => {
    const shipment = findShipment(order, shipmentId);
    if (isRefusal(shipment)) return shipment;
    const carrier = given ?? shipment.carrier;
    if (carrier === shipment.carrier && trackingNumber === shipment.trackingNumber) return accept();
    const wrong =
      checkState(shipment, 'created', 'dispatched', 'delivered', 'lost') ??
      checkText(carrier, LIMITS.nameCharacters, 'carrier') ??
      checkText(trackingNumber, LIMITS.referenceCharacters, 'trackingNumber');
    return (
      wrong ?? accept({ type: 'ShipmentTrackingChanged', data: { shipmentId, carrier, trackingNumber } })
    );
  },

  DeliverShipment: (order, { data: { shipmentId } }) => {
    const shipment = findShipment(order, shipmentId);
    if (isRefusal(shipment)) return shipment;
    if (shipment.status === 'delivered') return accept();
    const wrong = checkState(shipment, 'dispatched');
    return wrong ?? accept({ type: 'ShipmentDelivered', data: { shipmentId } });
  },

  RecordShipmentLost: (order, { data }) => {
    const shipment = findShipment(order, data.shipmentId);
    if (isRefusal(shipment)) return shipment;
    if (shipment.status === 'lost') return accept();
    const wrong =
      checkAllowed(order, 'RecordShipmentLost') ??
      checkState(shipment, 'dispatched') ??
      checkReason(data.reason) ??
      // Units in returns may never exceed those dispatched (invariant 1).
      checkQuantities(
        order,
        shipment.lines,
        atMost((line) => line.dispatched - line.inReturns, 'quantity_exceeds_dispatched'),
      );
    return wrong ?? accept({ type: 'ShipmentLost', data });
  },

  CancelShipment: (order, { data }) => {
    const shipment = findShipment(order, data.shipmentId);
    if (isRefusal(shipment)) return shipment;
    if (shipment.status === 'cancelled') return accept();
    const wrong = checkState(shipment, 'created') ?? checkReason(data.reason);
    return wrong ?? accept({ type: 'ShipmentCancelled', data });
  },
};

/**
 * Whether it was this request that made the shipment. Whoever dispatched it, or gave its tracking number, may have
 * named another carrier since; no lines meant what was left at that time.
 */
function holdsShipment(shipment: Shipment, carrier: string | null, lines: readonly LineQuantity[]): boolean {
  const mayBeAnother = shipment.dispatchedAt !== null || shipment.trackingNumber !== null;
  const isCarrier = mayBeAnother || shipment.carrier === carrier;
  return isCarrier && (lines.length === 0 || sameContent(shipment.lines, lines));
}

function findShipment(order: Order, shipmentId: ShipmentId): Shipment | Refusal {
  const shipment = order.shipments.find((each) => each.shipmentId === shipmentId);
  return shipment ?? reject('shipment_not_found', { shipmentId });
}

function checkState(
  { shipmentId, status }: Shipment,
  ...wanted: readonly Shipment['status'][]
): Refusal | null {
  return wanted.includes(status) ? null : reject('shipment_not_in_state', { shipmentId, status });
}

function moveShipment(
  order: Order,
  shipmentId: ShipmentId,
  change: Partial<Shipment>,
  changeLine: (line: Line, quantity: number) => Partial<Line>,
): Order {
  const moved = order.shipments.find((shipment) => shipment.shipmentId === shipmentId);
  return {
    ...changeShipment(order, shipmentId, change),
    lines: changedLines(order, moved?.lines ?? [], changeLine),
  };
}

function changeShipment(order: Order, shipmentId: ShipmentId, change: Partial<Shipment>): Order {
  const shipments = order.shipments.map((shipment) =>
    shipment.shipmentId === shipmentId ? { ...shipment, ...change } : shipment,
  );
  return { ...order, shipments };
}
