import { describe, expect, it } from '@jest/globals';
import {
  cancelLines,
  cancelOrder,
  cancelShipment,
  changeTracking,
  completeOrder,
  createShipment,
  deliverShipment,
  dispatchShipment,
  recordShipmentLost,
  requestRefund,
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
  captured,
  returnClosed,
  returnApproved,
  returnRequested,
  sent,
  shipmentCancelled,
  shipmentCreated,
  shipmentDelivered,
  shipmentDispatched,
  shipmentLost,
  trackingChanged,
} from '../testing/events.js';
import { at, given } from '../testing/given.js';

const confirmed = [orderPlaced(), orderConfirmed()];
const created = (quantity: number, shipmentId = 'new-0') =>
  shipmentCreated({ shipmentId, lines: [mug(quantity)] });

describe('CreateShipment', () => {
  it('packs what is named, up to what is left', () => {
    given(...confirmed)
      .when(createShipment({ lines: [mug(4)], carrier: 'DHL' }))
      .then(shipmentCreated({ shipmentId: 'new-0', lines: [mug(4)], carrier: 'DHL' }));
    given(...confirmed, created(7, 'parcel'))
      .when(createShipment({ lines: [mug(3)] }))
      .then(created(3));
  });

  it('packs everything that is left when nothing is named', () => {
    given(
      orderPlaced({ lines: [mug(10), lamp(2)] }),
      orderConfirmed(),
      created(7, 'parcel'),
      linesCancelled([lamp(2)]),
    )
      .when(createShipment())
      .then(created(3));
  });

  it('never packs more than is left', () => {
    const code = 'quantity_exceeds_unshipped';
    given(...confirmed, created(7, 'parcel'))
      .when(createShipment({ lines: [mug(4)] }))
      .thenRejected(code, { lineId: 'mug', available: 3 });
    given(...confirmed, linesCancelled([mug(7)]))
      .when(createShipment({ lines: [mug(4)] }))
      .thenRejected(code);
    given(...confirmed, created(10, 'parcel'))
      .when(createShipment())
      .thenRejected(code);
  });

  it('packs again what was in a cancelled shipment', () => {
    given(...confirmed, created(7, 'parcel'), shipmentCancelled())
      .when(createShipment({ lines: [mug(10)] }))
      .then(created(10));
  });

  it('is the same shipment under the same id', () => {
    const parcel = { newIds: ['parcel'] };
    const { when } = given(...confirmed, created(4, 'parcel'));
    when(createShipment({ lines: [mug(4)] }), parcel).thenNothing();
    when(createShipment(), parcel).thenNothing();
    when(createShipment({ lines: [mug(4)] }), { ...parcel, occurredAt: at('01:00') }).thenNothing();
    when(createShipment({ lines: [mug(3)] }), parcel).thenRejected('id_already_used', { id: 'parcel' });
    when(createShipment({ lines: [mug(4)], carrier: 'DHL' }), parcel).thenRejected('id_already_used');
    when(createShipment({ lines: [mug(4)] }), { newIds: ['mug'] }).thenRejected('id_already_used');
    given(...confirmed, created(4, 'parcel'), shipmentDispatched({ shipmentId: 'parcel', carrier: 'DHL' }))
      .when(createShipment({ lines: [mug(4)] }), parcel)
      .thenNothing();
    given(...confirmed, created(4, 'parcel'), trackingChanged('T1', { carrier: 'DHL' }))
      .when(createShipment({ lines: [mug(4)] }), parcel)
      .thenNothing();
  });

  it('is refused with what is not the order’s', () => {
    const { when } = given(...confirmed);
    when(createShipment({ lines: [lamp(1)] })).thenRejected('line_not_found', { lineId: 'lamp' });
    when(createShipment({ lines: [mug(1), mug(1)] })).thenRejected('duplicate_line', { lineId: 'mug' });
    when(createShipment({ lines: [mug(0)] })).thenRejected('quantity_out_of_range');
    when(createShipment({ lines: [mug(-1)] })).thenRejected('quantity_out_of_range');
    when(createShipment({ carrier: 'x'.repeat(201) })).thenRejected('text_too_long', { field: 'carrier' });
  });

  it('waits for the order to be confirmed', () => {
    given(orderPlaced()).when(createShipment()).thenRejected('not_allowed_in_state', { status: 'placed' });
    given(...confirmed, ...sent(mug(10)), orderCompleted())
      .when(createShipment())
      .thenRejected('not_allowed_in_state', { status: 'completed' });
  });
});

describe('DispatchShipment', () => {
  const packed = [...confirmed, shipmentCreated({ lines: [mug(4)], carrier: 'DHL' })];

  it('sends a created shipment, with the carrier it was packed for unless told', () => {
    given(...packed)
      .when(dispatchShipment())
      .then(shipmentDispatched({ carrier: 'DHL' }));
    given(...packed)
      .when(dispatchShipment({ trackingNumber: null }))
      .then(shipmentDispatched({ carrier: 'DHL', trackingNumber: null }));
    const { order } = given(...packed).when(dispatchShipment({ carrier: 'UPS' }), {
      occurredAt: at('12:00'),
    });
    expect(order.shipments[0]).toMatchObject({
      status: 'dispatched',
      carrier: 'UPS',
      trackingNumber: 'T1',
      createdAt: at('11:59'),
      dispatchedAt: at('12:00'),
      deliveredAt: null,
    });
    expect(order.lines[0]).toMatchObject({ shipped: 4, dispatched: 4, delivered: 0 });
  });

  it('changes nothing once it has left, unless it would be another parcel', () => {
    const gone = given(...packed, shipmentDispatched());
    gone.when(dispatchShipment()).thenNothing();
    gone.when(dispatchShipment({ trackingNumber: null })).thenNothing();
    gone.when(dispatchShipment({ trackingNumber: 'T2' })).thenRejected('shipment_not_in_state');
    gone.when(dispatchShipment({ carrier: 'another' })).thenRejected('shipment_not_in_state');
    given(...packed, shipmentDispatched({ carrier: 'DHL' }))
      .when(dispatchShipment())
      .thenNothing();
    given(...packed, shipmentDispatched(), shipmentDelivered())
      .when(dispatchShipment())
      .thenNothing();
  });

  it('is refused for a cancelled or unknown shipment, and with long texts', () => {
    given(...packed, shipmentCancelled())
      .when(dispatchShipment())
      .thenRejected('shipment_not_in_state', {
        shipmentId: 'parcel',
        status: 'cancelled',
      });
    given(...packed)
      .when(dispatchShipment({ shipmentId: 'x' }))
      .thenRejected('shipment_not_found', { shipmentId: 'x' });
    given(...packed)
      .when(dispatchShipment({ trackingNumber: 'x'.repeat(101) }))
      .thenRejected('text_too_long');
    given(...packed)
      .when(dispatchShipment({ carrier: 'x'.repeat(201) }))
      .thenRejected('text_too_long');
  });
});

describe('ChangeShipmentTracking', () => {
  const packed = [...confirmed, shipmentCreated({ lines: [mug(4)], carrier: 'DHL' })];
  const gone = [...packed, shipmentDispatched({ carrier: 'DHL', trackingNumber: null })];

  it('gives a parcel its number, before it leaves or after, and keeps the carrier unless told', () => {
    for (const history of [
      packed,
      gone,
      [...gone, shipmentDelivered()],
      [...gone, shipmentLost()],
      [...gone, shipmentDelivered(), orderCancelled()],
    ]) {
      given(...history)
        .when(changeTracking('T2'))
        .then(trackingChanged('T2', { carrier: 'DHL' }));
    }
    given(...gone)
      .when(changeTracking('T2', { carrier: 'UPS' }))
      .then(trackingChanged('T2', { carrier: 'UPS' }));
    const { order } = given(...gone, trackingChanged('T2', { carrier: 'UPS' }));
    expect(order.shipments[0]).toMatchObject({ status: 'dispatched', carrier: 'UPS', trackingNumber: 'T2' });
    expect(order.lines[0]).toMatchObject({ shipped: 4, dispatched: 4 });
  });

  it('is kept by a dispatch that names no number', () => {
    given(...packed, trackingChanged('T1', { carrier: 'DHL' }))
      .when(dispatchShipment({ trackingNumber: null }))
      .then(shipmentDispatched({ carrier: 'DHL', trackingNumber: 'T1' }));
  });

  it('changes nothing where the parcel has that number and carrier', () => {
    const { when } = given(...packed, shipmentDispatched({ carrier: 'DHL' }));
    when(changeTracking('T1')).thenNothing();
    when(changeTracking('T1', { carrier: 'DHL' })).thenNothing();
    when(changeTracking('T1', { carrier: 'UPS' })).then(trackingChanged('T1', { carrier: 'UPS' }));
  });

  it('is refused for a cancelled or unknown shipment, and with long texts', () => {
    given(...packed, shipmentCancelled())
      .when(changeTracking('T2'))
      .thenRejected('shipment_not_in_state', { shipmentId: 'parcel', status: 'cancelled' });
    const { when } = given(...packed);
    when(changeTracking('T2', { shipmentId: 'x' })).thenRejected('shipment_not_found');
    when(changeTracking('x'.repeat(101))).thenRejected('text_too_long', { field: 'trackingNumber' });
    when(changeTracking('T2', { carrier: 'x'.repeat(201) })).thenRejected('text_too_long', {
      field: 'carrier',
    });
  });
});

describe('DeliverShipment', () => {
  it('delivers what has left, once, also after the order has ended', () => {
    given(...confirmed, ...sent(mug(10)))
      .when(deliverShipment())
      .then(shipmentDelivered());
    given(...confirmed, ...sent(mug(10)), orderCompleted())
      .when(deliverShipment())
      .then(shipmentDelivered());
    given(...confirmed, ...sent(mug(10)), shipmentDelivered())
      .when(deliverShipment())
      .thenNothing();
    const { order } = given(...confirmed, ...sent(mug(4)), shipmentDelivered());
    expect(order.lines[0]).toMatchObject({ shipped: 4, dispatched: 4, delivered: 4 });
  });

  it('is refused for what has not left', () => {
    given(...confirmed, shipmentCreated())
      .when(deliverShipment())
      .thenRejected('shipment_not_in_state');
    given(...confirmed, shipmentCreated(), shipmentCancelled())
      .when(deliverShipment())
      .thenRejected('shipment_not_in_state');
    given(...confirmed)
      .when(deliverShipment())
      .thenRejected('shipment_not_found');
  });
});

describe('RecordShipmentLost', () => {
  const gone = [...confirmed, ...sent(mug(10))];

  it('lets the units be shipped again, also while the order is on hold', () => {
    given(...gone)
      .when(recordShipmentLost('parcel', 'not found'))
      .then(shipmentLost('parcel', 'not found'));
    given(...gone, orderHeld())
      .when(recordShipmentLost())
      .then(shipmentLost());
    const { order, when } = given(...gone, shipmentLost());
    expect(order.lines[0]).toMatchObject({ shipped: 0, dispatched: 0, delivered: 0 });
    expect(order.shipments[0]).toMatchObject({
      status: 'lost',
      trackingNumber: 'T1',
    });
    when(createShipment()).then(created(10));
    when(completeOrder()).thenRejected('order_not_fulfilled', { lineId: 'mug' });
    when(recordShipmentLost()).thenNothing();
    when(dispatchShipment()).thenNothing();
    when(deliverShipment()).thenRejected('shipment_not_in_state', { shipmentId: 'parcel', status: 'lost' });
  });

  it('lets them be cancelled and refunded', () => {
    const paid = [
      orderPlaced(),
      captured(10_000),
      ...gone.slice(1),
      shipmentLost(),
      linesCancelled([mug(10)]),
    ];
    const { order } = given(...paid).when(requestRefund([mug(10)], { reason: 'cancellation' }));
    expect(order.refunds[0]).toMatchObject({ amountMinor: 10_000, status: 'pending' });
  });

  it('is refused where units of it come back, and for what has not left or has arrived', () => {
    const code = 'quantity_exceeds_dispatched';
    given(...gone, returnRequested([mug(1)]))
      .when(recordShipmentLost())
      .thenRejected(code, { lineId: 'mug', available: 9 });
    given(...gone, returnRequested([mug(1)]), returnApproved(), returnClosed())
      .when(recordShipmentLost())
      .then(shipmentLost());
    given(...gone, shipmentDelivered())
      .when(recordShipmentLost())
      .thenRejected('shipment_not_in_state');
    given(...gone)
      .when(recordShipmentLost('x'))
      .thenRejected('shipment_not_found');
    given(...gone)
      .when(recordShipmentLost('parcel', 'x'.repeat(501)))
      .thenRejected('text_too_long');
  });

  it('is refused once the order has ended: its units could be neither shipped nor cancelled', () => {
    given(...gone, orderCompleted())
      .when(recordShipmentLost())
      .thenRejected('not_allowed_in_state');
    given(...gone, orderCancelled())
      .when(recordShipmentLost())
      .thenRejected('not_allowed_in_state');
  });
});

describe('CancelShipment', () => {
  it('unpacks what has not left, once', () => {
    given(...confirmed, shipmentCreated())
      .when(cancelShipment('parcel', 'broken'))
      .then(shipmentCancelled('parcel', 'broken'));
    given(...confirmed, shipmentCreated(), shipmentCancelled())
      .when(cancelShipment())
      .thenNothing();
    expect(given(...confirmed, shipmentCreated(), shipmentCancelled()).order.lines[0]!.shipped).toBe(0);
  });

  it('is refused for what has left', () => {
    given(...confirmed, ...sent(mug(4)))
      .when(cancelShipment())
      .thenRejected('shipment_not_in_state');
    given(...confirmed, shipmentCreated())
      .when(cancelShipment('x'))
      .thenRejected('shipment_not_found');
    given(...confirmed, shipmentCreated())
      .when(cancelShipment('parcel', 'x'.repeat(501)))
      .thenRejected('text_too_long');
  });
});

describe('CancelLines', () => {
  it('cancels units that are in no shipment', () => {
    given(orderPlaced())
      .when(cancelLines([mug(10)]))
      .then(linesCancelled([mug(10)], 'new-0'));
    given(...confirmed, created(7, 'parcel'))
      .when(cancelLines([mug(3)]))
      .then(linesCancelled([mug(3)], 'new-0'));
  });

  it('never cancels more', () => {
    const code = 'quantity_exceeds_unshipped';
    given(...confirmed, created(7, 'parcel'))
      .when(cancelLines([mug(4)]))
      .thenRejected(code, { available: 3 });
    given(orderPlaced(), linesCancelled([mug(4)]))
      .when(cancelLines([mug(7)]))
      .thenRejected(code, { available: 6 });
    given(orderPlaced()).when(cancelLines([])).thenRejected('no_lines');
    given(orderPlaced())
      .when(cancelLines([mug(1)], 'x'.repeat(501)))
      .thenRejected('text_too_long');
  });

  it('is the same cancellation under the same id', () => {
    const { when } = given(orderPlaced(), linesCancelled([mug(4)]));
    when(cancelLines([mug(4)]), { newIds: ['cancellation'] }).thenNothing();
    when(cancelLines([mug(3)]), { newIds: ['cancellation'] }).thenRejected('id_already_used');
    when(cancelLines([mug(4)], 'why'), { newIds: ['cancellation'] }).thenRejected('id_already_used');
  });

  it('is refused after the end', () => {
    given(...confirmed, ...sent(mug(10)), orderCompleted())
      .when(cancelLines([mug(1)]))
      .thenRejected('not_allowed_in_state');
    const { order } = given(orderPlaced()).when(cancelOrder());
    expect(order.status).toBe('cancelled');
  });
});
