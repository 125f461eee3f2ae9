import { Body, Controller, Param, Post } from '@nestjs/common';
import type { CommandAnswer } from '../dispatch/answer.dto.js';
import { CommandRoute } from '../dispatch/command-route.js';
import { OrderDispatcher } from '../dispatch/order-dispatcher.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { OrderPath } from './path.dto.js';
import {
  PaymentAuthorizedBody,
  PaymentCapturedBody,
  PaymentFailedBody,
  PaymentReversedBody,
  PaymentVoidedBody,
} from './payments.dto.js';

@Controller('v1/orders/:orderId/payments')
export class PaymentsController {
  readonly #orders: OrderDispatcher;

  constructor(orders: OrderDispatcher) {
    this.#orders = orders;
  }

  @Post('authorized')
  @CommandRoute('RecordPaymentAuthorized', 'Records that the payment provider authorized an amount.')
  recordPaymentAuthorized(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: PaymentAuthorizedBody,
  ): Promise<CommandAnswer> {
    const { amountMinor, currency, providerReference, method } = body;
    const command = {
      type: 'RecordPaymentAuthorized',
      data: { amountMinor, currency, providerReference, method },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('captured')
  @CommandRoute('RecordPaymentCaptured', 'Records that the payment provider captured an amount.')
  recordPaymentCaptured(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: PaymentCapturedBody,
  ): Promise<CommandAnswer> {
    const { amountMinor, currency, providerReference, method, authorizationId } = body;
    const command = {
      type: 'RecordPaymentCaptured',
      data: { amountMinor, currency, providerReference, method, authorizationId },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('failed')
  @CommandRoute(
    'RecordPaymentFailed',
    'Records that the payment provider could not authorize or capture an amount.',
  )
  recordPaymentFailed(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: PaymentFailedBody,
  ): Promise<CommandAnswer> {
    const { amountMinor, currency, providerReference, authorizationId, reason } = body;
    const command = {
      type: 'RecordPaymentFailed',
      data: { amountMinor, currency, providerReference, authorizationId, reason },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('voided')
  @CommandRoute('RecordPaymentVoided', 'Records that the payment provider voided an authorization.')
  recordPaymentVoided(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: PaymentVoidedBody,
  ): Promise<CommandAnswer> {
    const { authorizationId, providerReference } = body;
    const command = {
      type: 'RecordPaymentVoided',
      data: { authorizationId, providerReference },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('reversed')
  @CommandRoute(
    'RecordPaymentReversed',
    'Records that the payment provider took back a captured amount: a chargeback, or a returned direct debit.',
  )
  recordPaymentReversed(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: PaymentReversedBody,
  ): Promise<CommandAnswer> {
    const { amountMinor, currency, captureId, providerReference, reason } = body;
    const command = {
      type: 'RecordPaymentReversed',
      data: { amountMinor, currency, captureId, providerReference, reason },
      personal: null,
    } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }
}
