import { Body, Controller, Param, Post } from '@nestjs/common';
import type { CommandAnswer } from '../dispatch/answer.dto.js';
import { CommandRoute } from '../dispatch/command-route.js';
import { OrderDispatcher } from '../dispatch/order-dispatcher.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { ReasonBody } from './common.dto.js';
import { StockRejectedBody, StockReservedBody } from './fulfilment.dto.js';
import { OrderPath } from './path.dto.js';

@Controller('v1/orders/:orderId/stock')
export class StockController {
  readonly #orders: OrderDispatcher;

  constructor(orders: OrderDispatcher) {
    this.#orders = orders;
  }

  @Post('reserved')
  @CommandRoute(
    'RecordStockReserved',
    'Records that the warehouse set units aside. The order keeps the last report.',
  )
  recordStockReserved(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: StockReservedBody,
  ): Promise<CommandAnswer> {
    const { reference, lines } = body;
    const command = {
      type: 'RecordStockReserved',
      data: { reference, lines: lines ?? [] },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('rejected')
  @CommandRoute(
    'RecordStockRejected',
    'Records that the warehouse does not have the units. The order keeps the last report.',
  )
  recordStockRejected(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: StockRejectedBody,
  ): Promise<CommandAnswer> {
    const { reason, lines } = body;
    const command = {
      type: 'RecordStockRejected',
      data: { reason, lines: lines ?? [] },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('released')
  @CommandRoute(
    'RecordStockReleased',
    'Records that the warehouse released all units that it had set aside. The order keeps the last report.',
  )
  recordStockReleased(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: ReasonBody,
  ): Promise<CommandAnswer> {
    const { reason } = body;
    const command = { type: 'RecordStockReleased', data: { reason }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }
}
