import { Body, Controller, Param, Post } from '@nestjs/common';
import type { CommandAnswer } from '../dispatch/answer.dto.js';
import { CommandRoute } from '../dispatch/command-route.js';
import { OrderDispatcher } from '../dispatch/order-dispatcher.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { LinesAndReasonBody } from './fulfilment.dto.js';
import { OrderPath } from './path.dto.js';

@Controller('v1/orders/:orderId/lines')
export class CancellationsController {
  readonly #orders: OrderDispatcher;

  constructor(orders: OrderDispatcher) {
    this.#orders = orders;
  }

  @Post('cancel')
  @CommandRoute('CancelLines', 'Cancels units that are not in a shipment.')
  cancelLines(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: LinesAndReasonBody,
  ): Promise<CommandAnswer> {
    const { lines, reason } = body;
    const command = { type: 'CancelLines', data: { lines, reason }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }
}
