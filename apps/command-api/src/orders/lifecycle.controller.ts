import { Body, Controller, Param, Post } from '@nestjs/common';
import type { CommandAnswer } from '../dispatch/answer.dto.js';
import { CommandRoute } from '../dispatch/command-route.js';
import { OrderDispatcher } from '../dispatch/order-dispatcher.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { CommandBody, ReasonBody } from './common.dto.js';
import { OrderPath } from './path.dto.js';

@Controller('v1/orders/:orderId')
export class LifecycleController {
  readonly #orders: OrderDispatcher;

  constructor(orders: OrderDispatcher) {
    this.#orders = orders;
  }

  @Post('confirm')
  @CommandRoute('ConfirmOrder', 'Confirms the order: it can be shipped from now on.')
  confirmOrder(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: CommandBody,
  ): Promise<CommandAnswer> {
    const command = { type: 'ConfirmOrder', data: {}, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('reject')
  @CommandRoute('RejectOrder', 'Rejects the order before it is confirmed.')
  rejectOrder(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: ReasonBody,
  ): Promise<CommandAnswer> {
    const { reason } = body;
    const command = { type: 'RejectOrder', data: { reason }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('hold')
  @CommandRoute(
    'HoldOrder',
    'Puts the order on hold until it is released, once: holding it again adds nothing.',
  )
  holdOrder(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: ReasonBody,
  ): Promise<CommandAnswer> {
    const { reason } = body;
    const command = { type: 'HoldOrder', data: { reason }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('release')
  @CommandRoute('ReleaseOrder', 'Releases an order that is on hold.')
  releaseOrder(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: CommandBody,
  ): Promise<CommandAnswer> {
    const command = { type: 'ReleaseOrder', data: {}, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('cancel')
  @CommandRoute(
    'CancelOrder',
    'Cancels the order and all that was not dispatched. What was dispatched and is not lost stays sold: ask for its return.',
    {
      customers: 'A customer may cancel their own order while it is placed.',
    },
  )
  cancelOrder(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: ReasonBody,
  ): Promise<CommandAnswer> {
    const { reason } = body;
    const command = { type: 'CancelOrder', data: { reason }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('complete')
  @CommandRoute('CompleteOrder', 'Completes the order: all units are dispatched or cancelled.')
  completeOrder(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: CommandBody,
  ): Promise<CommandAnswer> {
    const command = { type: 'CompleteOrder', data: {}, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }
}
