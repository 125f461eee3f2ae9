import { Body, Controller, Param, Post } from '@nestjs/common';
import type { AddressLines } from '#domain/order/content.js';
import type { EditCommand, EditOperation } from '#domain/order/edits.js';
import type { CommandAnswer } from '../dispatch/answer.dto.js';
import { CommandRoute } from '../dispatch/command-route.js';
import { OrderDispatcher } from '../dispatch/order-dispatcher.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { splitAddress } from './content.dto.js';
import { EditOrderBody, type EditOperationDto } from './edits.dto.js';
import { OrderPath } from './path.dto.js';

@Controller('v1/orders/:orderId/edits')
export class EditsController {
  readonly #orders: OrderDispatcher;

  constructor(orders: OrderDispatcher) {
    this.#orders = orders;
  }

  @Post()
  @CommandRoute('EditOrder', 'Changes what was ordered: all operations or none.')
  editOrder(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: EditOrderBody,
  ): Promise<CommandAnswer> {
    return this.#orders.change({ asked, orderId, body, command: editOrder(body.operations) });
  }
}

function editOrder(operations: readonly EditOperationDto[]): EditCommand {
  const parts = operations.map(splitOperation);
  return {
    type: 'EditOrder',
    data: { operations: parts.map(({ operation }) => operation) },
    personal: { addresses: parts.map(({ address }) => address) },
  };
}

function splitOperation(dto: EditOperationDto): { operation: EditOperation; address: AddressLines | null } {
  if (dto.op !== 'changeShippingAddress' && dto.op !== 'changeBillingAddress') {
    return { operation: dto, address: null };
  }
  const { country, lines } = splitAddress(dto.address);
  return { operation: { op: dto.op, address: country }, address: lines };
}
