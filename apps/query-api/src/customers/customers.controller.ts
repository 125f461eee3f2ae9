import { Controller, Get, Param, Query, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { Text } from '#platform/http/fields.js';
import { NoQuery } from '#platform/http/no-query.dto.js';
import { ProblemError } from '#platform/problems/problems.js';
import type { CustomerSummary } from '#read-models/readers/order-totals.reader.js';
import { customerSchema } from '../orders/list.schemas.js';
import { QueryRoute } from '../orders/query-route.js';
import { Read } from '../reads/read.js';
import { TellsPosition } from '../reads/tells-position.interceptor.js';
import { AskedBy, type Asked } from '../request/asked.js';

class CustomerPath {
  @Text({ max: 200, description: 'The id of the customer, as orders have it.' })
  customerId!: string;
}

@Controller('v1/customers/:customerId')
@UseInterceptors(TellsPosition)
export class CustomersController {
  readonly #bus: QueryBus;

  constructor(bus: QueryBus) {
    this.#bus = bus;
  }

  @Get('summary')
  @QueryRoute(
    "A summary of a customer's orders: how many there are in each status, and their sums per currency.",
    customerSchema,
    {
      customers: true,
      problems: ['not_found', 'read_too_slow'],
    },
  )
  async summarizeCustomer(
    @AskedBy() { audience, consistentWith }: Asked,
    @Param() { customerId }: CustomerPath,
    @Query() _query: NoQuery,
  ): Promise<CustomerSummary> {
    const summary = await this.#bus.execute(new Read('customer', { audience, customerId }, consistentWith));
    if (summary === null)
      throw new ProblemError('not_found', { detail: 'The customer has no orders that this token may see.' });
    return summary;
  }
}
