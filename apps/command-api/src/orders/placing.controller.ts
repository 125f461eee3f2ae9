import { Body, Controller, Post } from '@nestjs/common';
import type { OrderCommand } from '#domain/order/order.js';
import type { CommandAnswer } from '../dispatch/answer.dto.js';
import { CommandRoute } from '../dispatch/command-route.js';
import { OrderDispatcher } from '../dispatch/order-dispatcher.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { splitAddress } from './content.dto.js';
import { PlaceOrderBody } from './placing.dto.js';

@Controller('v1/orders')
export class PlacingController {
  readonly #orders: OrderDispatcher;

  constructor(orders: OrderDispatcher) {
    this.#orders = orders;
  }

  @Post()
  @CommandRoute('PlaceOrder', 'Places an order with its prices. For shops and staff.')
  placeOrder(@AskedBy() asked: Asked, @Body() body: PlaceOrderBody): Promise<CommandAnswer> {
    const { tenantId } = asked.principal;
    return this.#orders.place(asked, body, (orderId) => placeOrder(body, orderId, tenantId));
  }
}

function placeOrder(body: PlaceOrderBody, orderId: string, tenantId: string): OrderCommand {
  const { contact, shippingAddress, billingAddress } = body;
  const shipping = shippingAddress && splitAddress(shippingAddress);
  const billing = billingAddress && splitAddress(billingAddress);
  return {
    type: 'PlaceOrder',
    data: {
      orderId,
      tenantId,
      reference: body.reference,
      customerId: body.customerId,
      currency: body.currency,
      lines: body.lines,
      discounts: body.discounts,
      surcharges: body.surcharges,
      shipping: body.shipping,
      attributes: body.attributes,
      tags: body.tags,
      shippingAddress: shipping?.country ?? null,
      billingAddress: billing?.country ?? null,
    },
    personal: {
      contact,
      shippingAddress: shipping?.lines ?? null,
      billingAddress: billing?.lines ?? null,
    },
  };
}
