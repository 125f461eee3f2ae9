import type { ShipmentEvent } from '#domain/order/shipments.js';
import { id, textOrNull } from '../fields.js';
import { reason, units, unitsOf } from './common.js';
import { publish, type PublishedPart } from './publish.js';

const shipmentId = id('Names the shipment within the order.');
const carrier = textOrNull('Who carries it; null: not known.');

export const publishedShipments: PublishedPart<ShipmentEvent> = {
  ShipmentCreated: publish(
    1,
    'A shipment is being packed.',
    { shipmentId, carrier, lines: units('What is in it.') },
    ({ data }) => ({ shipmentId: data.shipmentId, carrier: data.carrier, lines: unitsOf(data.lines) }),
  ),
  ShipmentDispatched: publish(
    1,
    'A shipment has left the warehouse.',
    {
      shipmentId,
      carrier,
      trackingNumber: textOrNull('What the carrier knows it by; null: not known.'),
    },
    ({ data: { shipmentId, carrier, trackingNumber } }) => ({ shipmentId, carrier, trackingNumber }),
  ),
  ShipmentDelivered: publish(1, 'A shipment has arrived.', { shipmentId }, ({ data: { shipmentId } }) => ({
    shipmentId,
  })),
  ShipmentCancelled: publish(
    1,
    'A shipment will not leave: its units can be shipped again.',
    { shipmentId, reason },
    ({ data: { shipmentId, reason } }) => ({ shipmentId, reason }),
  ),
};
