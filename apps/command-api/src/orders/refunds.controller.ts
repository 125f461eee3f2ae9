import { Body, Controller, Param, Post } from '@nestjs/common';
import type { CommandAnswer } from '../dispatch/answer.dto.js';
import { CommandRoute } from '../dispatch/command-route.js';
import { OrderDispatcher } from '../dispatch/order-dispatcher.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { OrderPath, RefundPath } from './path.dto.js';
import { RefundFailedBody, RefundSucceededBody } from './payments.dto.js';
import { RequestRefundBody } from './refunds.dto.js';

const refundScopes: ['orders:write', 'orders:refund'] = ['orders:write', 'orders:refund'];

@Controller('v1/orders/:orderId/refunds')
export class RefundsController {
  readonly #orders: OrderDispatcher;

  constructor(orders: OrderDispatcher) {
    this.#orders = orders;
  }

  @Post()
  @CommandRoute('RequestRefund', 'Requests a refund of units, of shipping or of an amount.', {
    scopes: refundScopes,
  })
  requestRefund(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: RequestRefundBody,
  ): Promise<CommandAnswer> {
    const { reason, returnId, of, currency } = body;
    const command = {
      type: 'RequestRefund',
      data: { reason, returnId, of, currency },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post(':refundId/succeeded')
  @CommandRoute('RecordRefundSucceeded', 'Records that the payment provider paid the refund.', {
    scopes: refundScopes,
  })
  recordRefundSucceeded(
    @AskedBy() asked: Asked,
    @Param() { orderId, refundId }: RefundPath,
    @Body() body: RefundSucceededBody,
  ): Promise<CommandAnswer> {
    const { providerReference } = body;
    const command = {
      type: 'RecordRefundSucceeded',
      data: { refundId, providerReference },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post(':refundId/failed')
  @CommandRoute(
    'RecordRefundFailed',
    'Records that the payment provider could not pay the refund: it can be requested again.',
    { scopes: refundScopes },
  )
  recordRefundFailed(
    @AskedBy() asked: Asked,
    @Param() { orderId, refundId }: RefundPath,
    @Body() body: RefundFailedBody,
  ): Promise<CommandAnswer> {
    const { providerReference, reason } = body;
    const command = {
      type: 'RecordRefundFailed',
      data: { refundId, providerReference, reason },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }
}
