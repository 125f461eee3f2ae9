import type { ShipmentEvent } from '#domain/order/shipments.js';
import { id, text, textOrNull } from '../fields.js';
import { reason, units, unitsOf } from './common.js';
import { publish, type PublishedPart } from './publish.js';

const shipmentId = id('The id of the shipment within the order.');
const carrier = textOrNull('The carrier; null: not known.');

export const publishedShipments: PublishedPart<ShipmentEvent> = {
  ShipmentCreated: publish(
    1,
    'A shipment was created: it is being packed.',
    { shipmentId, carrier, lines: units('The units in the shipment.') },
    ({ data }) => ({ shipmentId: data.shipmentId, carrier: data.carrier, lines: unitsOf(data.lines) }),
  ),
  ShipmentDispatched: publish(
    1,
    'A shipment was dispatched: it has left the warehouse.',
    {
      shipmentId,
      carrier,
      trackingNumber: textOrNull("The carrier's tracking number; null: not known."),
    },
    ({ data: { shipmentId, carrier, trackingNumber } }) => ({ shipmentId, carrier, trackingNumber }),
  ),
  ShipmentTrackingChanged: publish(
    1,
    'The tracking number of a shipment was given or corrected, before it was dispatched or after.',
    { shipmentId, carrier, trackingNumber: text("The carrier's tracking number, from now on.") },
    ({ data: { shipmentId, carrier, trackingNumber } }) => ({ shipmentId, carrier, trackingNumber }),
  ),
  ShipmentDelivered: publish(1, 'A shipment was delivered.', { shipmentId }, ({ data: { shipmentId } }) => ({
    shipmentId,
  })),
  ShipmentLost: publish(
    1,
    'A dispatched shipment was lost: its units can be shipped again.',
    { shipmentId, reason },
    ({ data: { shipmentId, reason } }) => ({ shipmentId, reason }),
  ),
  ShipmentCancelled: publish(
    1,
    'A shipment was cancelled: its units can be shipped again.',
    { shipmentId, reason },
    ({ data: { shipmentId, reason } }) => ({ shipmentId, reason }),
  ),
};
