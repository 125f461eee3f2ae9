import { Uuid } from '#platform/http/fields.js';

export class OrderPath {
  @Uuid({ description: 'The id of the order.' })
  orderId!: string;
}

export class RefundPath extends OrderPath {
  @Uuid({ description: 'The id of a refund of the order.' })
  refundId!: string;
}

export class ShipmentPath extends OrderPath {
  @Uuid({ description: 'The id of a shipment of the order.' })
  shipmentId!: string;
}

export class ReturnPath extends OrderPath {
  @Uuid({ description: 'The id of a return of the order.' })
  returnId!: string;
}

export class NotePath extends OrderPath {
  @Uuid({ description: 'The id of a note of the order.' })
  noteId!: string;
}
