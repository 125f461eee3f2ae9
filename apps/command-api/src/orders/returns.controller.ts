import { Body, Controller, Param, Post } from '@nestjs/common';
import type { CommandAnswer } from '../dispatch/answer.dto.js';
import { CommandRoute } from '../dispatch/command-route.js';
import { OrderDispatcher } from '../dispatch/order-dispatcher.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { CommandBody, ReasonBody } from './common.dto.js';
import { LinesAndReasonBody, ReceiveReturnBody } from './fulfilment.dto.js';
import { OrderPath, ReturnPath } from './path.dto.js';

@Controller('v1/orders/:orderId/returns')
export class ReturnsController {
  readonly #orders: OrderDispatcher;

  constructor(orders: OrderDispatcher) {
    this.#orders = orders;
  }

  @Post()
  @CommandRoute('RequestReturn', 'Requests the return of dispatched units.', {
    customers: 'A customer may request it for their own order.',
  })
  requestReturn(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: LinesAndReasonBody,
  ): Promise<CommandAnswer> {
    const { lines, reason } = body;
    const command = { type: 'RequestReturn', data: { lines, reason }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post(':returnId/approve')
  @CommandRoute('ApproveReturn', 'Approves a return: the units may come back.')
  approveReturn(
    @AskedBy() asked: Asked,
    @Param() { orderId, returnId }: ReturnPath,
    @Body() body: CommandBody,
  ): Promise<CommandAnswer> {
    const command = { type: 'ApproveReturn', data: { returnId }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post(':returnId/decline')
  @CommandRoute('DeclineReturn', 'Declines a return: the units may not come back.')
  declineReturn(
    @AskedBy() asked: Asked,
    @Param() { orderId, returnId }: ReturnPath,
    @Body() body: ReasonBody,
  ): Promise<CommandAnswer> {
    const { reason } = body;
    const command = { type: 'DeclineReturn', data: { returnId, reason }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post(':returnId/receive')
  @CommandRoute(
    'ReceiveReturn',
    'Records that units came back: the given ones, or all that have not come back yet.',
  )
  receiveReturn(
    @AskedBy() asked: Asked,
    @Param() { orderId, returnId }: ReturnPath,
    @Body() body: ReceiveReturnBody,
  ): Promise<CommandAnswer> {
    const { lines } = body;
    const command = {
      type: 'ReceiveReturn',
      data: { returnId, lines: lines ?? [] },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post(':returnId/close')
  @CommandRoute('CloseReturn', 'Closes a return: nothing more is expected back.')
  closeReturn(
    @AskedBy() asked: Asked,
    @Param() { orderId, returnId }: ReturnPath,
    @Body() body: CommandBody,
  ): Promise<CommandAnswer> {
    const command = { type: 'CloseReturn', data: { returnId }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }
}
