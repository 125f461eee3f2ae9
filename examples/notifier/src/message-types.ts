/** What a customer can be told. Preferences use these names. */
export const messageTypes = [
  'order_confirmed',
  'order_rejected',
  'order_cancelled',
  'payment_received',
  'shipment_dispatched',
  'shipment_delivered',
  'refund_paid',
  'return_approved',
  'return_declined',
] as const;
export type MessageType = (typeof messageTypes)[number];

interface Leading {
  readonly to: MessageType;
  /** The facts of the event that the text needs, besides what every event says about its order. */
  readonly needs: readonly string[];
}

/** Which event leads to which message. Events of all other types are ignored. */
export const messageOfEvent: Readonly<Record<string, Leading>> = {
  'orderlog.order.confirmed.v1': { to: 'order_confirmed', needs: [] },
  'orderlog.order.rejected.v1': { to: 'order_rejected', needs: [] },
  'orderlog.order.cancelled.v1': { to: 'order_cancelled', needs: [] },
  'orderlog.payment.captured.v1': { to: 'payment_received', needs: ['amountMinor'] },
  'orderlog.shipment.dispatched.v1': { to: 'shipment_dispatched', needs: ['shipmentId'] },
  'orderlog.shipment.delivered.v1': { to: 'shipment_delivered', needs: [] },
  'orderlog.refund.succeeded.v1': { to: 'refund_paid', needs: ['refundId'] },
  'orderlog.return.approved.v1': { to: 'return_approved', needs: [] },
  'orderlog.return.declined.v1': { to: 'return_declined', needs: [] },
};
