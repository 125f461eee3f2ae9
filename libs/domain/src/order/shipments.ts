import type { Command, Event } from '../decider.js';
import type { LineQuantity } from './content.js';
import type { ShipmentId } from './ids.js';

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
  | Event<'ShipmentDelivered', { readonly shipmentId: ShipmentId }>
  | Event<'ShipmentCancelled', { readonly shipmentId: ShipmentId; readonly reason: string | null }>;

export type ShipmentCommand =
  /** No lines given (empty): everything that is left to ship. */
  | Command<'CreateShipment', { readonly carrier: string | null; readonly lines: readonly LineQuantity[] }>
  | Command<
      'DispatchShipment',
      {
        readonly shipmentId: ShipmentId;
        readonly carrier: string | null;
        readonly trackingNumber: string | null;
      }
    >
  | Command<'DeliverShipment', { readonly shipmentId: ShipmentId }>
  | Command<'CancelShipment', { readonly shipmentId: ShipmentId; readonly reason: string | null }>;
