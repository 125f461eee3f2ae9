import { Body, Controller, Param, Post, Put } from '@nestjs/common';
import type { CommandAnswer } from '../dispatch/answer.dto.js';
import { CommandRoute } from '../dispatch/command-route.js';
import { OrderDispatcher } from '../dispatch/order-dispatcher.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { CommandBody, ReasonBody } from './common.dto.js';
import { ChangeTrackingBody, CreateShipmentBody, DispatchShipmentBody } from './fulfilment.dto.js';
import { OrderPath, ShipmentPath } from './path.dto.js';

@Controller('v1/orders/:orderId/shipments')
export class ShipmentsController {
  readonly #orders: OrderDispatcher;

  constructor(orders: OrderDispatcher) {
    this.#orders = orders;
  }

  @Post()
  @CommandRoute('CreateShipment', 'Creates a shipment of the given units, or of all that are left to ship.')
  createShipment(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: CreateShipmentBody,
  ): Promise<CommandAnswer> {
    const { carrier, lines } = body;
    const command = {
      type: 'CreateShipment',
      data: { carrier, lines: lines ?? [] },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post(':shipmentId/dispatch')
  @CommandRoute('DispatchShipment', 'Records that a shipment has left the warehouse.')
  dispatchShipment(
    @AskedBy() asked: Asked,
    @Param() { orderId, shipmentId }: ShipmentPath,
    @Body() body: DispatchShipmentBody,
  ): Promise<CommandAnswer> {
    const { carrier, trackingNumber } = body;
    const command = {
      type: 'DispatchShipment',
      data: { shipmentId, carrier, trackingNumber },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Put(':shipmentId/tracking')
  @CommandRoute(
    'ChangeShipmentTracking',
    'Gives or corrects the tracking number of a shipment, before it is dispatched or at any time after.',
    { idempotencyKey: 'optional' },
  )
  changeShipmentTracking(
    @AskedBy() asked: Asked,
    @Param() { orderId, shipmentId }: ShipmentPath,
    @Body() body: ChangeTrackingBody,
  ): Promise<CommandAnswer> {
    const { carrier, trackingNumber } = body;
    const command = {
      type: 'ChangeShipmentTracking',
      data: { shipmentId, carrier, trackingNumber },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post(':shipmentId/deliver')
  @CommandRoute('DeliverShipment', 'Records that a shipment has reached the customer.')
  deliverShipment(
    @AskedBy() asked: Asked,
    @Param() { orderId, shipmentId }: ShipmentPath,
    @Body() body: CommandBody,
  ): Promise<CommandAnswer> {
    const command = { type: 'DeliverShipment', data: { shipmentId }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post(':shipmentId/lost')
  @CommandRoute(
    'RecordShipmentLost',
    'Records, before the order has ended, that a dispatched shipment will not arrive: its units can be shipped again, or cancelled. It is final: where the parcel turns up after all, add a note.',
  )
  recordShipmentLost(
    @AskedBy() asked: Asked,
    @Param() { orderId, shipmentId }: ShipmentPath,
    @Body() body: ReasonBody,
  ): Promise<CommandAnswer> {
    const { reason } = body;
    const command = { type: 'RecordShipmentLost', data: { shipmentId, reason }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post(':shipmentId/cancel')
  @CommandRoute(
    'CancelShipment',
    'Cancels a shipment that has not been dispatched: its units can be shipped again.',
  )
  cancelShipment(
    @AskedBy() asked: Asked,
    @Param() { orderId, shipmentId }: ShipmentPath,
    @Body() body: ReasonBody,
  ): Promise<CommandAnswer> {
    const { reason } = body;
    const command = { type: 'CancelShipment', data: { shipmentId, reason }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }
}
