import { describe, expect, it } from '@jest/globals';
import {
  approveReturn,
  closeReturn,
  declineReturn,
  receiveReturn,
  requestReturn,
} from '../testing/commands.js';
import {
  lamp,
  mug,
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderPlaced,
  returnApproved,
  returnClosed,
  returnDeclined,
  returnReceived,
  returnRequested,
  returned,
  sent,
  shipmentCreated,
} from '../testing/events.js';
import { at, given } from '../testing/given.js';

const shipped = [orderPlaced({ lines: [mug(10), lamp(2)] }), orderConfirmed(), ...sent(mug(10), lamp(1))];
const requested = [...shipped, returnRequested([mug(3), lamp(1)])];
const approved = [...requested, returnApproved()];

describe('a receipt', () => {
  it('is never forgotten as handled: it has no id by which a repetition would be known', () => {
    const { handled } = given(...approved, returnReceived([mug(1)]), returnClosed()).order;
    expect(handled.slice(-3).map(({ kept }) => kept)).toEqual([undefined, true, undefined]);
  });
});

describe('RequestReturn', () => {
  it('asks for units that were sent, whatever became of the order', () => {
    const ask = requestReturn([mug(10)]);
    given(...shipped)
      .when(ask)
      .then(returnRequested([mug(10)], 'new-0'));
    given(...shipped, orderCancelled())
      .when(ask)
      .then(returnRequested([mug(10)], 'new-0'));
    given(orderPlaced(), orderConfirmed(), ...sent(mug(10)), orderCompleted())
      .when(ask)
      .then(returnRequested([mug(10)], 'new-0'));
  });

  it('never asks for more than was sent', () => {
    const code = 'quantity_exceeds_dispatched';
    given(...shipped)
      .when(requestReturn([lamp(2)]))
      .thenRejected(code, { lineId: 'lamp', available: 1 });
    given(...requested)
      .when(requestReturn([mug(8)]))
      .thenRejected(code, { available: 7 });
    given(...approved, returnReceived([mug(3), lamp(1)]))
      .when(requestReturn([lamp(1)]))
      .thenRejected(code);
  });

  it('never asks for what is packed but not sent', () => {
    given(...shipped, shipmentCreated({ shipmentId: 'second', lines: [lamp(1)] }))
      .when(requestReturn([lamp(2)]))
      .thenRejected('quantity_exceeds_dispatched', { lineId: 'lamp', available: 1 });
  });

  it('may ask again for what was declined or never came', () => {
    given(...requested, returnDeclined())
      .when(requestReturn([mug(10)]))
      .then(returnRequested([mug(10)], 'new-0'));
    const closed = given(...approved, returnReceived([mug(1)]), returnClosed());
    expect(closed.order.lines[0]).toMatchObject({ inReturns: 1, received: 1 });
    expect(closed.order.lines[1]).toMatchObject({ inReturns: 0, received: 0 });
    closed.when(requestReturn([mug(9), lamp(1)])).then(returnRequested([mug(9), lamp(1)], 'new-0'));
    closed.when(requestReturn([mug(10)])).thenRejected('quantity_exceeds_dispatched');
  });

  it('waits for something to be sent', () => {
    given(orderPlaced(), orderConfirmed(), shipmentCreated())
      .when(requestReturn([mug(1)]))
      .thenRejected('not_allowed_in_state');
    given(...shipped)
      .when(requestReturn([]))
      .thenRejected('no_lines');
    given(...shipped)
      .when(requestReturn([mug(1)], 'x'.repeat(501)))
      .thenRejected('text_too_long');
  });

  it('is the same return under the same id', () => {
    const { when } = given(...requested);
    when(requestReturn([mug(3), lamp(1)]), { newIds: ['return'] }).thenNothing();
    when(requestReturn([mug(3), lamp(1)]), { newIds: ['return'], occurredAt: at('01:00') }).thenNothing();
    when(requestReturn([mug(3)]), { newIds: ['return'] }).thenRejected('id_already_used');
    when(requestReturn([mug(3), lamp(1)], 'why'), { newIds: ['return'] }).thenRejected('id_already_used');
  });
});

describe('ApproveReturn and DeclineReturn', () => {
  it('answer a request, once', () => {
    given(...requested)
      .when(approveReturn())
      .then(returnApproved());
    given(...requested)
      .when(declineReturn())
      .then(returnDeclined());
    given(...approved)
      .when(approveReturn())
      .thenNothing();
    given(...shipped, ...returned(mug(1)))
      .when(approveReturn())
      .thenNothing();
    given(...requested, returnDeclined())
      .when(declineReturn())
      .thenNothing();
  });

  it('are refused after another answer', () => {
    given(...requested, returnDeclined())
      .when(approveReturn())
      .thenRejected('return_not_in_state', {
        returnId: 'return',
        status: 'declined',
      });
    given(...approved)
      .when(declineReturn())
      .thenRejected('return_not_in_state');
    given(...approved, returnClosed())
      .when(approveReturn())
      .thenRejected('return_not_in_state');
    given(...shipped)
      .when(approveReturn())
      .thenRejected('return_not_found');
    given(...shipped)
      .when(declineReturn())
      .thenRejected('return_not_found');
    given(...requested)
      .when(declineReturn('return', 'x'.repeat(501)))
      .thenRejected('text_too_long');
  });
});

describe('ReceiveReturn', () => {
  it('takes in what came, all of it when nothing is named', () => {
    given(...approved)
      .when(receiveReturn())
      .then(returnReceived([mug(3), lamp(1)]));
    given(...approved)
      .when(receiveReturn([mug(2)]))
      .then(returnReceived([mug(2)]));
    given(...approved, returnReceived([mug(2), lamp(1)]))
      .when(receiveReturn())
      .then(returnReceived([mug(1)]));
  });

  it('is received when all is in', () => {
    expect(given(...approved, returnReceived([mug(2), lamp(1)])).order.returns[0]!.status).toBe('approved');
    const { order, when } = given(...approved, returnReceived([mug(2), lamp(1)]), returnReceived([mug(1)]));
    expect(order.returns[0]!.status).toBe('received');
    expect(order.lines[0]).toMatchObject({ inReturns: 3, received: 3 });
    when(receiveReturn()).thenNothing();
    when(receiveReturn([mug(1)])).thenRejected('quantity_exceeds_return', { lineId: 'mug', available: 0 });
  });

  it('never takes in more than was approved', () => {
    given(...approved)
      .when(receiveReturn([mug(4)]))
      .thenRejected('quantity_exceeds_return', { available: 3 });
    given(...shipped, returnRequested([mug(3)]), returnApproved())
      .when(receiveReturn([lamp(1)]))
      .thenRejected('quantity_exceeds_return', { lineId: 'lamp' });
    given(...approved)
      .when(receiveReturn([{ lineId: 'x', quantity: 1 }]))
      .thenRejected('line_not_found');
  });

  it('waits for approval', () => {
    given(...requested)
      .when(receiveReturn())
      .thenRejected('return_not_in_state');
    given(...requested, returnDeclined())
      .when(receiveReturn())
      .thenRejected('return_not_in_state');
    given(...approved, returnClosed())
      .when(receiveReturn())
      .thenRejected('return_not_in_state');
    given(...shipped, ...returned(mug(1)), returnClosed())
      .when(receiveReturn())
      .thenRejected('return_not_in_state', { status: 'closed' });
    given(...shipped)
      .when(receiveReturn())
      .thenRejected('return_not_found', { returnId: 'return' });
  });
});

describe('CloseReturn', () => {
  it('closes what was approved or received, once', () => {
    given(...approved)
      .when(closeReturn())
      .then(returnClosed());
    given(...shipped, ...returned(mug(1)))
      .when(closeReturn())
      .then(returnClosed());
    given(...approved, returnClosed())
      .when(closeReturn())
      .thenNothing();
  });

  it('is refused before approval', () => {
    given(...requested)
      .when(closeReturn())
      .thenRejected('return_not_in_state');
    given(...requested, returnDeclined())
      .when(closeReturn())
      .thenRejected('return_not_in_state');
    given(...shipped)
      .when(closeReturn())
      .thenRejected('return_not_found');
  });
});
