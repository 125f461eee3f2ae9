import { Body, Controller, Param, Put } from '@nestjs/common';
import type { CommandAnswer } from '../dispatch/answer.dto.js';
import { CommandRoute } from '../dispatch/command-route.js';
import { OrderDispatcher } from '../dispatch/order-dispatcher.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { ChangeContactBody } from './contact.dto.js';
import { OrderPath } from './path.dto.js';

@Controller('v1/orders/:orderId/contact')
export class ContactController {
  readonly #orders: OrderDispatcher;

  constructor(orders: OrderDispatcher) {
    this.#orders = orders;
  }

  @Put()
  @CommandRoute('ChangeContact', 'Replaces whom to reach about the order.', { idempotencyKey: 'optional' })
  changeContact(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: ChangeContactBody,
  ): Promise<CommandAnswer> {
    const { contact } = body;
    const command = { type: 'ChangeContact', data: {}, personal: { contact } } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }
}
