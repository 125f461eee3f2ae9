import { Column, Entity, Index, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
import { Order } from './order.entity.js';

@Entity('order_lines')
export class OrderLine {
  @PrimaryGeneratedColumn()
  id!: number;

  // TypeORM makes no index for a foreign key, and reading an order would look at every line there is.
  @Index()
  @ManyToOne(() => Order, (order) => order.lines, { onDelete: 'CASCADE' })
  order!: Relation<Order>;

  @Column()
  sku!: string;

  @Column()
  name!: string;

  @Column('integer')
  quantity!: number;

  @Column('integer')
  unitPriceMinor!: number;
}
