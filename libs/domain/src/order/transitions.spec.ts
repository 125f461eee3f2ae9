import { describe, expect, it } from '@jest/globals';
import {
  mug,
  orderCancelled,
  orderCompleted,
  orderConfirmed,
  orderHeld,
  orderPlaced,
  orderRejected,
  sent,
  shipmentCreated,
  shipmentLost,
} from '../testing/events.js';
import { given, type Happened } from '../testing/given.js';
import { orderCommandTypes, orderEventTypes, type OrderCommandType } from './order.js';
import { allowedCommands, customerMay } from './transitions.js';

const money: OrderCommandType[] = [
  'RecordPaymentAuthorized',
  'RecordPaymentCaptured',
  'RecordPaymentFailed',
  'RecordPaymentVoided',
  'RecordPaymentReversed',
  'RequestRefund',
  'RecordRefundSucceeded',
  'RecordRefundFailed',
];
const always: OrderCommandType[] = [
  ...money,
  'RecordStockReleased',
  'ChangeContact',
  'AddNote',
  'RedactNote',
  'ChangeTags',
  'ChangeAttributes',
];
const open: OrderCommandType[] = [
  'CancelOrder',
  'EditOrder',
  'CancelLines',
  'RecordStockReserved',
  'RecordStockRejected',
];
const afterDispatch: OrderCommandType[] = [
  'DeliverShipment',
  'RequestReturn',
  'ApproveReturn',
  'DeclineReturn',
  'ReceiveReturn',
  'CloseReturn',
];
const ship: OrderCommandType[] = ['CreateShipment', 'DispatchShipment'];
const parcels: OrderCommandType[] = ['CancelShipment', 'ChangeShipmentTracking'];
const confirmed = [orderPlaced(), orderConfirmed()];

describe('allowedCommands', () => {
  it.each<[string, Happened[], OrderCommandType[]]>([
    ['placed', [orderPlaced()], [...open, 'ConfirmOrder', 'RejectOrder', 'HoldOrder']],
    ['placed, on hold', [orderPlaced(), orderHeld()], [...open, 'RejectOrder', 'ReleaseOrder']],
    ['confirmed', confirmed, [...open, ...ship, ...parcels, 'CompleteOrder', 'HoldOrder']],
    ['confirmed, on hold', [...confirmed, orderHeld()], [...open, ...parcels, 'ReleaseOrder']],
    [
      'confirmed, packed',
      [...confirmed, shipmentCreated()],
      [...open, ...ship, ...parcels, 'CompleteOrder', 'HoldOrder'],
    ],
    [
      'confirmed, sent',
      [...confirmed, ...sent(mug(1))],
      [...open, ...ship, ...parcels, 'CompleteOrder', 'HoldOrder', 'RecordShipmentLost', ...afterDispatch],
    ],
    [
      'confirmed, lost',
      [...confirmed, ...sent(mug(1)), shipmentLost()],
      [...open, ...ship, ...parcels, 'CompleteOrder', 'HoldOrder'],
    ],
    [
      'completed',
      [...confirmed, ...sent(mug(10)), orderCompleted()],
      [...afterDispatch, 'ChangeShipmentTracking'],
    ],
    ['rejected', [orderPlaced(), orderRejected()], []],
    ['cancelled', [...confirmed, orderCancelled()], ['ChangeShipmentTracking']],
    [
      'cancelled, sent',
      [...confirmed, ...sent(mug(10)), orderCancelled()],
      [...afterDispatch, 'ChangeShipmentTracking'],
    ],
  ])('of an order that is %s', (_, history, expected) => {
    const allowed = allowedCommands(given(...history).order);
    expect([...allowed].sort()).toEqual([...always, ...expected].sort());
  });

  it('tells every command when it is allowed', () => {
    expect(orderCommandTypes).toHaveLength(36);
    expect(orderEventTypes).toHaveLength(43);
    const somewhere = new Set([
      ...allowedCommands(given(orderPlaced()).order),
      ...allowedCommands(given(orderPlaced(), orderHeld()).order),
      ...allowedCommands(given(...confirmed, ...sent(mug(1))).order),
      'PlaceOrder',
    ]);
    expect([...somewhere].sort()).toEqual([...orderCommandTypes].sort());
  });
});

describe('a customer', () => {
  const may = (status: 'placed' | 'confirmed') =>
    orderCommandTypes.filter((type) => type !== 'PlaceOrder' && customerMay({ status }, type));

  it('may cancel while the order is placed, and ask for returns', () => {
    expect(may('placed')).toEqual(['CancelOrder', 'RequestReturn']);
    expect(may('confirmed')).toEqual(['RequestReturn']);
  });
});
