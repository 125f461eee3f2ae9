import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  ManyToOne,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { Order } from './order.entity.js';

@Entity('payments')
export class Payment {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Index()
  @ManyToOne(() => Order, (order) => order.payments, { onDelete: 'CASCADE' })
  order!: Relation<Order>;

  @Column('integer')
  amountMinor!: number;

  @Column()
  currency!: string;

  @Column()
  providerReference!: string;

  @CreateDateColumn({ type: 'timestamptz' })
  capturedAt!: Date;
}
