import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  OneToMany,
  PrimaryGeneratedColumn,
  UpdateDateColumn,
  type Relation,
} from 'typeorm';
import { OrderLine } from './order-line.entity.js';
import { Payment } from './payment.entity.js';
import { Shipment } from './shipment.entity.js';

export type OrderStatus = 'placed' | 'confirmed';

@Entity('orders')
export class Order {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column()
  reference!: string;

  @Index()
  @Column()
  customerId!: string;

  @Column()
  currency!: string;

  @Column({ type: 'varchar' })
  status!: OrderStatus;

  @Column()
  country!: string;

  @Column()
  countryName!: string;

  @Column('integer')
  totalMinor!: number;

  @Column('integer', { default: 0 })
  paidMinor!: number;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz' })
  updatedAt!: Date;

  @OneToMany(() => OrderLine, (line) => line.order, { cascade: true })
  lines!: Relation<OrderLine>[];

  @OneToMany(() => Payment, (payment) => payment.order)
  payments!: Relation<Payment>[];

  @OneToMany(() => Shipment, (shipment) => shipment.order)
  shipments!: Relation<Shipment>[];
}
