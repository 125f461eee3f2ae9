import { randomUUID } from 'node:crypto';
import { expect, it, jest } from '@jest/globals';
import { instantAt } from '#domain/instant.js';
import type { OrderCommand } from '#domain/order/order.js';
import { describeWith } from '#test/support/engines.js';
import { NOTIFIER_TEST_MS, notifierSuite } from '#test/support/notifier-suite.js';
import { confirm, WrittenOrder } from '#test/support/order-streams.js';
import { placedCommand } from '#test/support/told-orders.js';

const DAY_MS = 86_400_000;
jest.setTimeout(NOTIFIER_TEST_MS);

describeWith('kafka', 'the example notifier', () => {
  const suite = notifierSuite();

  it('tells a customer what becomes of an order: each thing once, in its order', async () => {
    const { bench } = suite;
    const order = await suite.order();
    await order.isFulfilled();
    await bench.topic.tell(order);
    const notifier = bench.start();
    await bench.settled();
    const { number } = order.order;
    expect(suite.mails().map(({ subject }) => subject)).toEqual([
      `Your order ${number} is confirmed`,
      expect.stringMatching(/^We received £\d+\.\d\d for your order/),
      `A parcel of your order ${number} is on its way (Royal Mail, T1)`,
      `A parcel of your order ${number} was delivered`,
    ]);
    const [first] = suite.mails();
    expect(first!.text).toContain('Hello Ana García,');
    expect(first!.text).toContain('2 × Crème brûlée dish 1');
    expect(first!.messageId).toMatch(/^<[0-9a-f]{32}@example\.org>$/);
    expect(new Set(suite.mails().map(({ messageId }) => messageId)).size).toBe(4);

    await bench.topic.repeat(order);
    await bench.settled();
    expect(suite.mails()).toHaveLength(4);
    expect(await notifier.end('SIGTERM')).toBe(0);
    bench.start();
    await bench.topic.repeat(order);
    await bench.settled();
    expect(suite.mails()).toHaveLength(4);
  });

  it('promises no units that were cancelled', async () => {
    const { bench } = suite;
    const order = await suite.order();
    const [single, pair] = order.order.lines;
    expect([single!.quantity, pair!.quantity]).toEqual([1, 2]);
    const lines = [single!, pair!].map(({ lineId }) => ({ lineId, quantity: 1 }));
    await order.does({ type: 'CancelLines', data: { lines, reason: null }, personal: null }, confirm);
    await bench.topic.tell(order);
    bench.start();
    await bench.settled();
    const [mail] = suite.mails();
    expect(mail!.text).toContain(`1 × ${pair!.name}`);
    expect(mail!.text).not.toContain('2 ×');
    expect(mail!.text).not.toContain(single!.name);
  });

  it('tells of a parcel what is known of it by then, and nothing of one that is lost', async () => {
    const { bench } = suite;
    const order = await suite.order();
    await order.does(confirm);
    const [single, pair] = order.order.lines;
    const pack = (lineId: string): OrderCommand => ({
      type: 'CreateShipment',
      data: { carrier: 'DHL', lines: [{ lineId, quantity: 1 }] },
      personal: null,
    });
    await order.does(pack(single!.lineId), pack(pair!.lineId));
    const [corrected, lost] = order.order.shipments.map(({ shipmentId }) => shipmentId);
    for (const shipmentId of [corrected!, lost!]) {
      const data = { shipmentId, carrier: null, trackingNumber: 'WRONG' };
      await order.does({ type: 'DispatchShipment', data, personal: null });
    }
    const tracking = { shipmentId: corrected!, carrier: null, trackingNumber: 'RIGHT' };
    await order.does({ type: 'ChangeShipmentTracking', data: tracking, personal: null });
    const gone = { shipmentId: lost!, reason: null };
    await order.does({ type: 'RecordShipmentLost', data: gone, personal: null });
    await bench.topic.tell(order);
    bench.start();
    await bench.settled();
    expect(suite.mails().map(({ subject }) => subject)).toEqual([
      `Your order ${order.order.number} is confirmed`,
      `A parcel of your order ${order.order.number} is on its way (DHL, RIGHT)`,
    ]);
    expect((await suite.emailRows()).map(({ reason }) => reason)).toContain('shipment lost');
  });

  it('tells of a refund, with the amount that the order knows', async () => {
    const { bench } = suite;
    const order = await suite.order();
    await order.isFulfilled();
    await order.does({
      type: 'RequestRefund',
      data: { reason: 'goodwill', returnId: null, of: { kind: 'amount', amountMinor: 150 }, currency: 'GBP' },
      personal: null,
    });
    const { refundId } = order.order.refunds[0]!;
    const data = { refundId, providerReference: 'R-1' };
    await order.does({ type: 'RecordRefundSucceeded', data, personal: null });
    await bench.topic.tell(order);
    bench.start();
    await bench.settled();
    const subjects = suite.mails().map(({ subject }) => subject);
    expect(subjects.at(-1)).toBe(`We paid back £1.50 of your order ${order.order.number}`);
  });

  it('honours where a customer wants messages, and in which language', async () => {
    const { bench, customerId } = suite;
    const digits = `4420${customerId.replace(/\D/g, '').slice(0, 7).padEnd(7, '0')}`;
    const order = await suite.order({ name: null, phone: `+${digits.slice(0, 4)} ${digits.slice(4)}` });
    await suite.prints('preferences', 'set', customerId, '--channels', 'none', '--locale', 'de');
    const both = ['--type', 'shipment_dispatched', '--channels', 'email,sms'];
    await suite.prints('preferences', 'set', customerId, ...both);
    expect(JSON.parse(await suite.prints('preferences', 'get', customerId))).toMatchObject({
      locale: 'de',
      channels: { order_confirmed: [], shipment_dispatched: ['email', 'sms'] },
    });
    await order.isFulfilled();
    await bench.topic.tell(order);
    bench.start();
    await bench.settled();
    const said = `Ein Paket Ihrer Bestellung ${order.order.number} ist unterwegs (Royal Mail, T1)`;
    expect(suite.mails()).toMatchObject([{ subject: said, text: expect.stringMatching(/^Guten Tag,/) }]);
    expect(suite.mails(`${digits}@sms.example.net`)).toMatchObject([
      { subject: '', text: expect.stringContaining(said) },
    ]);
    const skipped = (await suite.rows()).filter(({ state }) => state === 'skipped');
    expect(skipped).toHaveLength(6);
    expect(new Set(skipped.map(({ reason }) => reason))).toEqual(new Set(['not chosen']));
  });

  it('writes to guests; and not to whom it has no address of, or whose personal data is erased', async () => {
    const { bench } = suite;
    const guest = await suite.order({ customerId: null });
    const unknown = await suite.order({ email: null });
    const erased = await suite.order();
    for (const order of [guest, unknown, erased]) await order.does(confirm);
    await bench.erase(erased);
    for (const order of [guest, unknown, erased]) await bench.topic.tell(order);
    bench.start();
    await bench.settled();
    const subjects = suite.mails().map(({ subject }) => subject);
    expect(subjects).toEqual([`Your order ${guest.order.number} is confirmed`]);
    const reasons = (await suite.emailRows()).map(({ state, reason }) => `${state}: ${reason}`);
    expect(reasons.sort()).toEqual(['skipped: no address', 'skipped: personal data erased']);
  });

  it('ignores what it does not know, what is old and what is of another tenant', async () => {
    const { bench, customerId, email } = suite;
    const order = await suite.order();
    await order.does(confirm);
    const old = new WrittenOrder(bench.system.eventStore);
    const longAgo = instantAt(Date.now() - 8 * DAY_MS);
    await old.doesAt(placedCommand(old, { customerId, email }), longAgo);
    await old.doesAt(confirm, longAgo);
    const stranger = new WrittenOrder(bench.system.eventStore, 'other');
    await stranger.does(placedCommand(stranger, { customerId, email }), confirm);
    for (const each of [order, old, stranger]) await bench.topic.tell(each);
    const { key, value, headers } = bench.topic.messagesOf(order)[1]!;
    const as = (ce_type: string) => ({ key, value, headers: { ...headers, ce_type, ce_id: randomUUID() } });
    await bench.topic.send([as('orderlog.order.confirmed.v2'), as('orderlog.order.admired.v1')]);
    const notifier = bench.start();
    await bench.settled();
    expect(await suite.emailRows()).toMatchObject([{ type: 'order_confirmed', state: 'sent' }]);
    expect(suite.mails()).toHaveLength(1);
    // Kafka may be slow to answer, and be warned of: that is no matter of this.
    const warned = notifier.lines.filter(
      ({ level, type }) => level === 'warn' && String(type).startsWith('orderlog.'),
    );
    expect(warned).toMatchObject([{ type: 'orderlog.order.confirmed.v2' }]);
  });

  it('says in a line what is wrong with how it is used', async () => {
    const { bench } = suite;
    const wrong = [
      [['replay'], 'give either --all or --from OFFSET'],
      [['replay', '--from', 'x'], 'an offset must be a whole number'],
      [['preferences', 'set', 'ada', '--channels', 'pigeon'], '--channels must be one of email, sms'],
      [['preferences', 'get'], 'wrong arguments for preferences get: see --help'],
      [['fly'], 'unknown command fly: --help lists all commands'],
    ] as const;
    for (const [parameters, said] of wrong) {
      const { code, stderr } = await bench.command(...parameters);
      expect([code, stderr]).toEqual([2, `notifier: ${said}\n`]);
    }
    const settings = [
      [{ NOTIFIER_FROM: '' }, 'NOTIFIER_FROM is not set'],
      [{ NOTIFIER_SMTP_URL: 'mail.example.org' }, 'NOTIFIER_SMTP_URL is wrong'],
      [{ NOTIFIER_FORM: 'shop@example.org' }, 'NOTIFIER_FORM is not a setting'],
      [{ NOTIFIER_POSTGRES_URL: 'postgres://127.0.0.1:1/none' }, 'connect ECONNREFUSED 127.0.0.1:1'],
    ] as const;
    for (const [changes, said] of settings) {
      const { code, stderr } = await bench.commandWith(changes, 'run');
      expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`^notifier: ${said}.*\\n$`))]);
    }
  });
});
