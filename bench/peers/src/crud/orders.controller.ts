import { Body, Controller, Get, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { CapturePaymentDto, PlaceOrderDto } from './orders.dto.js';
import { OrdersService } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Post()
  async place(@Body() body: PlaceOrderDto) {
    const { id } = await this.orders.place(body);
    return { orderId: id };
  }

  @Post(':id/confirm')
  async confirm(@Param('id', ParseUUIDPipe) id: string) {
    const { status } = await this.orders.confirm(id);
    return { orderId: id, status };
  }

  @Post(':id/payments')
  async capture(@Param('id', ParseUUIDPipe) id: string, @Body() body: CapturePaymentDto) {
    const payment = await this.orders.capture(id, body);
    return { orderId: id, paymentId: payment.id };
  }

  @Post(':id/shipments')
  async ship(@Param('id', ParseUUIDPipe) id: string) {
    const shipment = await this.orders.ship(id);
    return { orderId: id, shipmentId: shipment.id };
  }

  @Get(':id')
  get(@Param('id', ParseUUIDPipe) id: string) {
    return this.orders.get(id);
  }
}
