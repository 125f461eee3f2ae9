import { describe, expect, it } from '@jest/globals';
import {
  cancelOrder,
  completeOrder,
  confirmOrder,
  createShipment,
  dispatchShipment,
  holdOrder,
  rejectOrder,
  releaseOrder,
} from '../testing/commands.js';
import {
  lamp,
  linesCancelled,
  mug,
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderHeld,
  orderPlaced,
  orderRejected,
  orderReleased,
  sent,
  shipmentCancelled,
  shipmentCreated,
  shipmentDispatched,
  shipmentLost,
  units,
} from '../testing/events.js';
import { given } from '../testing/given.js';
import { orderTotals } from './totals.js';

const tooLong = 'x'.repeat(501);
const confirmed = [orderPlaced(), orderConfirmed()];
const completed = [...confirmed, ...sent(mug(10)), orderCompleted()];
const cancelledWith = (lines: { lineId: string; quantity: number }[], reason: string | null = null) => ({
  type: 'LinesCancelled' as const,
  data: { cancellationId: 'new-0', lines: units(...lines), reason },
});

describe('ConfirmOrder', () => {
  it('confirms a placed order, once', () => {
    given(orderPlaced()).when(confirmOrder()).then(orderConfirmed());
    given(...confirmed)
      .when(confirmOrder())
      .thenNothing();
  });

  it('is refused later, naming what is allowed', () => {
    given(orderPlaced(), orderRejected()).when(confirmOrder()).thenRejected('not_allowed_in_state', {
      status: 'rejected',
    });
    given(...completed)
      .when(confirmOrder())
      .thenRejected('not_allowed_in_state');
    given(orderPlaced(), orderCancelled()).when(confirmOrder()).thenRejected('not_allowed_in_state');
  });

  it('waits for the release of an order on hold', () => {
    given(orderPlaced(), orderHeld()).when(confirmOrder()).thenRejected('order_on_hold');
    given(orderPlaced(), orderHeld(), orderReleased()).when(confirmOrder()).then(orderConfirmed());
  });
});

describe('RejectOrder', () => {
  it('ends a placed order, once', () => {
    given(orderPlaced()).when(rejectOrder('no credit')).then(orderRejected('no credit'));
    given(orderPlaced(), orderRejected('no credit')).when(rejectOrder('other')).thenNothing();
  });

  it('is refused once confirmed, and with a long reason', () => {
    given(...confirmed)
      .when(rejectOrder())
      .thenRejected('not_allowed_in_state');
    given(orderPlaced()).when(rejectOrder(tooLong)).thenRejected('text_too_long');
  });

  it('leaves nothing due and nothing on hold', () => {
    const { order } = given(orderPlaced(), orderHeld(), orderRejected('no credit'));
    expect(order).toMatchObject({
      status: 'rejected',
      statusReason: 'no credit',
      onHold: false,
      holdReason: null,
    });
    expect(orderTotals(order)).toMatchObject({ orderedTotalMinor: 10_000, totalMinor: 0 });
  });
});

describe('HoldOrder and ReleaseOrder', () => {
  it('hold and release an open order', () => {
    given(orderPlaced()).when(holdOrder('fraud check')).then(orderHeld('fraud check'));
    given(...confirmed)
      .when(holdOrder())
      .then(orderHeld());
    given(orderPlaced(), orderHeld()).when(releaseOrder()).then(orderReleased());
    expect(given(orderPlaced(), orderHeld('fraud check')).order).toMatchObject({
      onHold: true,
      holdReason: 'fraud check',
    });
  });

  it('change nothing when it is so already', () => {
    given(orderPlaced(), orderHeld('a')).when(holdOrder('b')).thenNothing();
    given(orderPlaced()).when(releaseOrder()).thenNothing();
  });

  it('are refused after the end', () => {
    given(...completed)
      .when(holdOrder())
      .thenRejected('not_allowed_in_state');
    given(orderPlaced()).when(holdOrder(tooLong)).thenRejected('text_too_long');
  });

  it('stop confirming, shipping and completing', () => {
    const held = [...confirmed, shipmentCreated({ lines: [mug(4)] }), orderHeld()];
    given(...held)
      .when(createShipment())
      .thenRejected('order_on_hold');
    given(...held)
      .when(dispatchShipment())
      .thenRejected('order_on_hold');
    given(...confirmed, ...sent(mug(10)), orderHeld())
      .when(completeOrder())
      .thenRejected('order_on_hold');
  });
});

describe('CancelOrder', () => {
  it('ends a placed or confirmed order, once', () => {
    given(orderPlaced()).when(cancelOrder('changed mind')).then(orderCancelled('changed mind'));
    given(...confirmed)
      .when(cancelOrder())
      .then(orderCancelled());
    given(orderPlaced(), orderCancelled()).when(cancelOrder('again')).thenNothing();
    given(orderPlaced(), orderHeld()).when(cancelOrder()).then(orderCancelled());
  });

  it('takes back shipments that have not left', () => {
    given(...confirmed, shipmentCreated({ lines: [mug(4)] }))
      .when(cancelOrder('no'))
      .then(shipmentCancelled('parcel', 'no'), orderCancelled('no'));
  });

  it('cancels every unit that has not left, once something has', () => {
    const { when } = given(
      orderPlaced({ lines: [mug(10), lamp(1)] }),
      orderConfirmed(),
      ...sent(mug(3), lamp(1)),
      linesCancelled([mug(1)]),
      shipmentCreated({ shipmentId: 'second', lines: [mug(2)] }),
    );
    const cancelled = when(cancelOrder('no'));
    cancelled.then(shipmentCancelled('second', 'no'), cancelledWith([mug(6)], 'no'), orderCancelled('no'));
    expect(orderTotals(cancelled.order)).toMatchObject({ orderedTotalMinor: 11_000, totalMinor: 4_000 });
  });

  it('cancels no units when all have left', () => {
    given(...confirmed, ...sent(mug(10)))
      .when(cancelOrder())
      .then(orderCancelled());
  });

  it('owes nothing when all that left was lost', () => {
    const { when } = given(...confirmed, ...sent(mug(4)), shipmentLost());
    const cancelled = when(cancelOrder());
    cancelled.then(orderCancelled());
    expect(orderTotals(cancelled.order)).toMatchObject({ orderedTotalMinor: 10_000, totalMinor: 0 });
  });

  it('is refused once completed or rejected, and under a used id', () => {
    given(...completed)
      .when(cancelOrder())
      .thenRejected('not_allowed_in_state');
    given(orderPlaced(), orderRejected()).when(cancelOrder()).thenRejected('not_allowed_in_state');
    given(...confirmed)
      .when(cancelOrder(tooLong))
      .thenRejected('text_too_long');
    given(...confirmed, ...sent(mug(3)))
      .when(cancelOrder(), { newIds: ['parcel'] })
      .thenRejected('id_already_used', { id: 'parcel' });
  });

  it('leaves nothing due when nothing had left, and nothing on hold', () => {
    const { order } = given(...confirmed, orderHeld('fraud check'), orderCancelled('changed mind'));
    expect(orderTotals(order).totalMinor).toBe(0);
    expect(order).toMatchObject({
      status: 'cancelled',
      statusReason: 'changed mind',
      onHold: false,
      holdReason: null,
    });
  });
});

describe('CompleteOrder', () => {
  it('completes what has left or was cancelled, once', () => {
    given(...confirmed, ...sent(mug(10)))
      .when(completeOrder())
      .then(orderCompleted());
    given(...confirmed, ...sent(mug(9)), linesCancelled([mug(1)]))
      .when(completeOrder())
      .then(orderCompleted());
    given(...completed)
      .when(completeOrder())
      .thenNothing();
  });

  it('waits for the last unit to leave', () => {
    given(...confirmed, ...sent(mug(9)))
      .when(completeOrder())
      .thenRejected('order_not_fulfilled', { lineId: 'mug' });
    given(...confirmed, shipmentCreated())
      .when(completeOrder())
      .thenRejected('order_not_fulfilled');
    given(
      orderPlaced({ lines: [mug(1), lamp(1)] }),
      orderConfirmed(),
      shipmentCreated({ lines: [mug(1)] }),
      shipmentDispatched(),
    )
      .when(completeOrder())
      .thenRejected('order_not_fulfilled', { lineId: 'lamp' });
  });

  it('is refused before it was confirmed and after it was cancelled', () => {
    given(orderPlaced()).when(completeOrder()).thenRejected('not_allowed_in_state');
    given(orderPlaced(), orderCancelled()).when(completeOrder()).thenRejected('not_allowed_in_state');
  });
});
