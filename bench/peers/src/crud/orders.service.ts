import { ConflictException, Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, Repository } from 'typeorm';
import { Order } from './order.entity.js';
import { CapturePaymentDto, PlaceOrderDto } from './orders.dto.js';
import { Payment } from './payment.entity.js';
import { Shipment } from './shipment.entity.js';

/** As Nest's page about databases has it: repositories, and a transaction where two things are saved. */
@Injectable()
export class OrdersService {
  constructor(
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    private readonly dataSource: DataSource,
  ) {}

  place({ lines, shippingAddress, ...order }: PlaceOrderDto): Promise<Order> {
    const totalMinor = lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
    return this.orders.save(
      this.orders.create({ ...order, ...shippingAddress, status: 'placed', totalMinor, lines }),
    );
  }

  async confirm(id: string): Promise<Order> {
    const order = await this.find(id);
    if (order.status !== 'placed') throw new ConflictException(`the order is ${order.status}`);
    order.status = 'confirmed';
    return this.orders.save(order);
  }

  async capture(id: string, dto: CapturePaymentDto): Promise<Payment> {
    const order = await this.find(id);
    if (dto.currency !== order.currency) throw new ConflictException('another currency than the order has');
    return this.dataSource.transaction(async (manager) => {
      const payment = await manager.save(manager.create(Payment, { ...dto, order }));
      order.paidMinor += dto.amountMinor;
      await manager.save(order);
      return payment;
    });
  }

  async ship(id: string): Promise<Shipment> {
    const order = await this.find(id);
    if (order.status !== 'confirmed') throw new ConflictException(`the order is ${order.status}`);
    return this.dataSource.manager.save(
      this.dataSource.manager.create(Shipment, { order, status: 'created' }),
    );
  }

  async get(id: string): Promise<Order> {
    const order = await this.orders.findOne({
      where: { id },
      relations: { lines: true, payments: true, shipments: true },
    });
    if (order === null) throw new NotFoundException();
    return order;
  }

  private async find(id: string): Promise<Order> {
    const order = await this.orders.findOneBy({ id });
    if (order === null) throw new NotFoundException();
    return order;
  }
}
