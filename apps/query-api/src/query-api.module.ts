import { Module, type DynamicModule } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { CustomersController } from './customers/customers.controller.js';
import { EventsController } from './events/events.controller.js';
import { ExportsController } from './exports/exports.controller.js';
import { OrderController } from './orders/order.controller.js';
import { OrdersController } from './orders/orders.controller.js';
import { ReadHandler } from './reads/read.js';
import { Sources } from './reads/sources.js';
import { TellsPosition } from './reads/tells-position.interceptor.js';
import { TravelHandler } from './time-travel/travel.js';

@Module({
  imports: [CqrsModule.forRoot()],
  controllers: [OrdersController, OrderController, CustomersController, ExportsController, EventsController],
  providers: [ReadHandler, TravelHandler, TellsPosition],
})
export class QueryApiModule {
  /** The API's module, which answers from these sources. */
  static over(sources: Sources): DynamicModule {
    return { module: QueryApiModule, providers: [{ provide: Sources, useValue: sources }] };
  }
}
