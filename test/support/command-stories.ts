import type { OrderCommand, OrderCommandType } from '#domain/order/order.js';
import { requestOf } from '../chaos/workload/command-requests.js';
import type { Answer, Sent, TestCommandApi } from './command-api.js';
import { placeOrder } from './requests.js';

/** A command that was done, with everything needed to send it again. */
export interface Told {
  readonly type: OrderCommandType;
  readonly path: string;
  readonly sent: Sent & { readonly body: Readonly<Record<string, unknown>>; readonly key: string };
  readonly answer: Answer;
}

type Ids = Readonly<Record<string, string>> & { readonly lineIds: readonly string[] };

class Teller {
  readonly told: Told[] = [];
  readonly #api: TestCommandApi;
  readonly #onTold: (told: Told) => Promise<void>;
  #orderId = '';

  constructor(api: TestCommandApi, onTold: (told: Told) => Promise<void>) {
    this.#api = api;
    this.#onTold = onTold;
  }

  /** @returns the ids of everything that the command created */
  async do(command: OrderCommand): Promise<Ids> {
    const { type } = command;
    const { method, path, body } = requestOf(command, this.#orderId);
    // The keys are the same in every run, and so are the command ids.
    const before = this.told.filter((told) => told.type === type).length;
    const sent = { method, body, key: `${type} ${before + 1}` };
    const answer = await this.#api.send(path, sent);
    if (answer.status >= 300) throw new Error(`${type}: ${JSON.stringify(answer.body)}`);
    const { orderId, events } = answer.body as { orderId: string; events: readonly { ids: Ids }[] };
    this.#orderId = orderId;
    const told = { type, path, sent, answer };
    this.told.push(told);
    await this.#onTold(told);
    return Object.assign({}, ...events.map(({ ids }) => ids)) as Ids;
  }

  /** Sends a command without personal data. */
  say<Type extends OrderCommandType>(type: Type, data: DataOf<Type>): Promise<Ids> {
    return this.do({ type, data, personal: null } as unknown as OrderCommand);
  }
}

type DataOf<Type extends OrderCommandType> = Extract<OrderCommand, { type: Type }>['data'];

/**
 * Sends the commands of some orders' lives: every type of command at least once, all by one client.
 *
 * @param onTold called after each command, before the next
 */
export async function tellStories(
  api: TestCommandApi,
  onTold: (told: Told) => Promise<void> = async () => undefined,
): Promise<readonly Told[]> {
  const teller = new Teller(api, onTold);
  await tellOfGoodsAndMoney(teller);
  await teller.do(placeOrder(''));
  await teller.say('RejectOrder', { reason: 'out of stock' });
  await tellOfACancelledRest(teller);
  await tellOfALostParcel(teller);
  return teller.told;
}

const tax = { rateBasisPoints: 2_000, amountMinor: null, inclusive: true };
const mugs = { sku: 'MUG', name: 'A mug', quantity: 6, unitPriceMinor: 450, tax };
const lamps = { sku: 'LAMP', name: 'A lamp', quantity: 2, unitPriceMinor: 2_000, tax: null };
const ada = {
  ...{ name: 'Ada Example', company: null, line1: '1 Example Street', line2: null },
  ...{ city: 'London', region: null, postalCode: null },
};
const money = (amountMinor: number, providerReference: string) => ({
  ...{ amountMinor, currency: 'GBP', providerReference },
});

async function tellOfGoodsAndMoney(teller: Teller): Promise<void> {
  const { lineIds } = await teller.do(
    placeOrder(
      '',
      {
        lines: [mugs, lamps],
        discounts: [{ code: 'SPRING', description: null, amountMinor: 100, lineIndex: null }],
        surcharges: [{ code: 'GIFT', description: null, amountMinor: 300 }],
        shipping: { method: 'standard', amountMinor: 500, tax: null },
        shippingAddress: { country: 'GB', countryName: null },
      },
      { shippingAddress: ada },
    ),
  );
  const [mugLine, lampLine] = lineIds as [string, string];
  await teller.say('ChangeTags', { tags: ['gift'] });
  await teller.do({ type: 'AddNote', data: {}, personal: { text: 'Ring twice.' } });
  const { noteId } = await teller.do({ type: 'AddNote', data: {}, personal: { text: 'Ring once.' } });
  await teller.say('RedactNote', { noteId: noteId!, reason: 'wrong order' });
  await teller.do({
    type: 'EditOrder',
    data: {
      operations: [
        { op: 'addLine', line: { ...mugs, sku: 'MUG-BLUE', quantity: 1 } },
        { op: 'changeLineQuantity', lineId: mugLine, quantity: 8, taxAmountMinor: null },
        { op: 'applyDiscount', discount: { code: null, description: 'late', amountMinor: 50, lineId: null } },
        { op: 'addSurcharge', surcharge: { code: 'CARD', description: null, amountMinor: 30 } },
        { op: 'changeBillingAddress', address: { country: 'FR', countryName: null } },
      ],
    },
    personal: { addresses: [null, null, null, null, ada] },
  });
  await teller.say('RecordStockRejected', { reason: 'late', lines: [{ lineId: lampLine, quantity: 1 }] });
  await teller.say('RecordStockReserved', { reference: 'R-1', lines: [] });
  await teller.say('RecordStockReleased', { reason: 'spoilt' });
  await tellOfPayments(teller);
  await teller.say('HoldOrder', { reason: 'fraud check' });
  await teller.say('ReleaseOrder', {});
  await teller.say('ConfirmOrder', {});
  await tellOfParcels(teller, mugLine);
  await tellOfReturns(teller, mugLine);
  await tellOfRefunds(teller);
  const { shipmentId } = await teller.say('CreateShipment', { carrier: null, lines: [] });
  await teller.say('DispatchShipment', { shipmentId: shipmentId!, carrier: 'DHL', trackingNumber: null });
  await teller.say('CompleteOrder', {});
}

async function tellOfPayments(teller: Teller): Promise<void> {
  const card = { method: 'card' };
  const failed = { ...money(7_000, 'F-1'), authorizationId: null, reason: 'declined' };
  await teller.say('RecordPaymentFailed', failed);
  const first = await teller.say('RecordPaymentAuthorized', { ...money(5_000, 'A-1'), ...card });
  await teller.say('RecordPaymentVoided', { authorizationId: first['paymentId']!, providerReference: 'V-1' });
  const second = await teller.say('RecordPaymentAuthorized', { ...money(9_000, 'A-2'), ...card });
  const authorizationId = second['paymentId']!;
  await teller.say('RecordPaymentCaptured', { ...money(4_000, 'C-1'), ...card, authorizationId });
  const { paymentId } = await teller.say('RecordPaymentCaptured', {
    ...{ ...money(4_000, 'C-2'), ...card, authorizationId },
  });
  const dispute = { ...money(500, 'D-1'), captureId: paymentId!, reason: 'chargeback' };
  await teller.say('RecordPaymentReversed', dispute);
}

async function tellOfParcels(teller: Teller, mugLine: string): Promise<void> {
  const lines = (quantity: number) => [{ lineId: mugLine, quantity }];
  const unpacked = await teller.say('CreateShipment', { carrier: 'DHL', lines: lines(2) });
  await teller.say('CancelShipment', { shipmentId: unpacked['shipmentId']!, reason: 'broken' });
  const sent = await teller.say('CreateShipment', { carrier: 'DHL', lines: lines(5) });
  const shipmentId = sent['shipmentId']!;
  await teller.say('DispatchShipment', { shipmentId, carrier: null, trackingNumber: 'JD1' });
  await teller.say('DeliverShipment', { shipmentId });
  await teller.say('CancelLines', { lines: lines(1), reason: 'fewer' });
}

async function tellOfReturns(teller: Teller, mugLine: string): Promise<void> {
  const lines = (quantity: number) => [{ lineId: mugLine, quantity }];
  const declined = await teller.say('RequestReturn', { lines: lines(1), reason: 'too red' });
  await teller.say('DeclineReturn', { returnId: declined['returnId']!, reason: 'used' });
  const accepted = await teller.say('RequestReturn', { lines: lines(4), reason: null });
  const returnId = accepted['returnId']!;
  await teller.say('ApproveReturn', { returnId });
  await teller.say('ReceiveReturn', { returnId, lines: lines(1) });
  await teller.say('ReceiveReturn', { returnId, lines: lines(1) });
  await teller.say('CloseReturn', { returnId });
}

async function tellOfRefunds(teller: Teller): Promise<void> {
  const goodwill = { reason: 'goodwill', returnId: null, currency: 'GBP' } as const;
  const paid = await teller.say('RequestRefund', { ...goodwill, of: { kind: 'amount', amountMinor: 200 } });
  await teller.say('RecordRefundSucceeded', { refundId: paid['refundId']!, providerReference: 'RF-1' });
  const shipping = { kind: 'shipping', amountMinor: null } as const;
  const unpaid = await teller.say('RequestRefund', { ...goodwill, of: shipping });
  const failed = { refundId: unpaid['refundId']!, providerReference: null, reason: 'account closed' };
  await teller.say('RecordRefundFailed', failed);
}

/** Part of the order is sent, and the rest is cancelled. */
async function tellOfACancelledRest(teller: Teller): Promise<void> {
  const { lineIds } = await teller.do(placeOrder(''));
  await teller.say('ConfirmOrder', {});
  const lines = [{ lineId: lineIds[0]!, quantity: 3 }];
  const { shipmentId } = await teller.say('CreateShipment', { carrier: null, lines });
  await teller.say('DispatchShipment', { shipmentId: shipmentId!, carrier: null, trackingNumber: null });
  await teller.say('CreateShipment', { carrier: null, lines });
  await teller.say('CancelOrder', { reason: 'moved away' });
}

/** The buyer mistyped an address, and the parcel has to be sent once more. */
async function tellOfALostParcel(teller: Teller): Promise<void> {
  await teller.do(placeOrder(''));
  const contact = { name: 'Ada Example', email: 'ada@example.com', phone: null };
  await teller.do({ type: 'ChangeContact', data: {}, personal: { contact } });
  await teller.say('ChangeAttributes', { attributes: { erpId: '4711' } });
  await teller.say('ConfirmOrder', {});
  const { shipmentId } = await teller.say('CreateShipment', { carrier: 'DHL', lines: [] });
  const lost = { shipmentId: shipmentId! };
  await teller.say('DispatchShipment', { ...lost, carrier: null, trackingNumber: null });
  await teller.say('ChangeShipmentTracking', { ...lost, carrier: null, trackingNumber: 'JD2' });
  await teller.say('RecordShipmentLost', { ...lost, reason: 'not found' });
  await teller.say('CreateShipment', { carrier: 'UPS', lines: [] });
}
