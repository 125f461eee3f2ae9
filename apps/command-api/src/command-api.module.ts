import { Module, type DynamicModule } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { CommandHandling } from './dispatch/command-handling.js';
import { CommandOptions } from './dispatch/command-options.js';
import { ExecuteOrderCommandHandler } from './dispatch/execute-order-command.js';
import { OrderDispatcher } from './dispatch/order-dispatcher.js';
import { CancellationsController } from './orders/cancellations.controller.js';
import { ContactController } from './orders/contact.controller.js';
import { EditsController } from './orders/edits.controller.js';
import { LifecycleController } from './orders/lifecycle.controller.js';
import { NotesController } from './orders/notes.controller.js';
import { PaymentsController } from './orders/payments.controller.js';
import { PlacingController } from './orders/placing.controller.js';
import { RefundsController } from './orders/refunds.controller.js';
import { ReturnsController } from './orders/returns.controller.js';
import { ShipmentsController } from './orders/shipments.controller.js';
import { StockController } from './orders/stock.controller.js';

@Module({
  imports: [CqrsModule.forRoot()],
  controllers: [
    PlacingController,
    LifecycleController,
    EditsController,
    ContactController,
    StockController,
    PaymentsController,
    RefundsController,
    ShipmentsController,
    CancellationsController,
    ReturnsController,
    NotesController,
  ],
  providers: [OrderDispatcher, ExecuteOrderCommandHandler],
})
export class CommandApiModule {
  /** The API with `handling` behind it. */
  static over(handling: CommandHandling, options: CommandOptions): DynamicModule {
    return {
      module: CommandApiModule,
      providers: [
        { provide: CommandHandling, useValue: handling },
        { provide: CommandOptions, useValue: options },
      ],
    };
  }
}
