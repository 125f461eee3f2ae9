import { Flag, Uuid } from '#platform/http/fields.js';

export class OrderPath {
  @Uuid()
  orderId!: string;
}

export class RefundPath extends OrderPath {
  @Uuid()
  refundId!: string;
}

export class ShipmentPath extends OrderPath {
  @Uuid()
  shipmentId!: string;
}

export class ReturnPath extends OrderPath {
  @Uuid()
  returnId!: string;
}

export class NotePath extends OrderPath {
  @Uuid()
  noteId!: string;
}

export class EditQuery {
  @Flag({
    otherwise: false,
    description: 'If true, nothing is stored, and the answer shows what the edit would do.',
  })
  dryRun!: boolean;
}
