import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { instantAt } from '#domain/instant.js';
import { describeWith, kafkaBrokers } from '#test/support/engines.js';
import { NotifierBench } from '#test/support/notifier.js';
import { confirm, payment, WrittenOrder } from '#test/support/order-streams.js';
import { placedBy, placedCommand } from '#test/support/told-orders.js';
import { until } from '#test/support/until.js';

const TEST_LIMIT_MS = 180_000;
const WAIT_MS = 60_000;
const DAY_MS = 86_400_000;
jest.setTimeout(TEST_LIMIT_MS);

describeWith('kafka', 'the example notifier', () => {
  let bench: NotifierBench;
  // A customer for each test, so that each sees its own mail.
  let customerId: string;
  let email: string;

  beforeAll(async () => {
    bench = await NotifierBench.open(kafkaBrokers()!);
  }, TEST_LIMIT_MS);
  beforeEach(() => {
    customerId = randomUUID();
    email = `${customerId}@example.org`;
  });
  afterEach(async () => {
    await bench.stopAll();
    await bench.mail.answer({});
  });
  afterAll(() => bench.close(), TEST_LIMIT_MS);

  const anOrder = () => placedBy(bench.system.eventStore, { customerId, name: 'Ana García', email });
  const mailTo = (address: string) => bench.mail.taken.filter(({ to }) => to === address);
  const rows = async () => (await bench.inbox()).filter(({ recipient }) => recipient.endsWith(customerId));
  const emailRows = async () => (await rows()).filter(({ recipient }) => recipient.startsWith('email:'));
  const prints = async (...parameters: string[]) => {
    const { code, stdout, stderr } = await bench.command(...parameters);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  };

  it('tells a customer what becomes of an order: each thing once, in its order', async () => {
    const order = await anOrder();
    await order.isFulfilled();
    await bench.tell(order);
    const notifier = bench.start();
    await bench.settled();
    const { number } = order.order;
    expect(mailTo(email).map(({ subject }) => subject)).toEqual([
      `Your order ${number} is confirmed`,
      expect.stringMatching(/^We received £\d+\.\d\d for your order/),
      `A parcel of your order ${number} is on its way (Royal Mail, T1)`,
      `A parcel of your order ${number} was delivered`,
    ]);
    const [first] = mailTo(email);
    expect(first!.text).toContain('Hello Ana García,');
    expect(first!.text).toContain('2 × Crème brûlée dish 1');
    expect(first!.messageId).toMatch(/^<[0-9a-f]{32}@example\.org>$/);
    expect(new Set(mailTo(email).map(({ messageId }) => messageId)).size).toBe(4);

    await bench.repeat(order); // all of it, as a relay does that was killed
    await bench.settled();
    expect(mailTo(email)).toHaveLength(4);
    expect(await notifier.stop()).toBe(0);
    bench.start();
    await bench.repeat(order);
    await bench.settled();
    expect(mailTo(email)).toHaveLength(4);
  });

  it('honours where a customer wants messages, and in which language', async () => {
    const phone = `+44 20 ${customerId.replace(/\D/g, '').slice(0, 7).padEnd(7, '0')}`;
    const order = await placedBy(bench.system.eventStore, { customerId, email, phone });
    await prints('preferences', 'set', customerId, '--channels', 'none', '--locale', 'de');
    await prints(
      'preferences',
      'set',
      customerId,
      '--type',
      'shipment_dispatched',
      '--channels',
      'email,sms',
    );
    expect(JSON.parse(await prints('preferences', 'get', customerId))).toMatchObject({
      locale: 'de',
      channels: { order_confirmed: [], shipment_dispatched: ['email', 'sms'] },
    });
    await order.isFulfilled();
    await bench.tell(order);
    bench.start();
    await bench.settled();
    const { number } = order.order;
    const said = `Ein Paket Ihrer Bestellung ${number} ist unterwegs (Royal Mail, T1)`;
    expect(mailTo(email)).toMatchObject([{ subject: said, text: expect.stringMatching(/^Guten Tag,/) }]);
    const [text] = mailTo(`${phone.replace(/\D/g, '')}@sms.example.net`);
    expect(text).toMatchObject({ subject: '', text: expect.stringContaining(said) });
    const skipped = (await rows()).filter(({ state }) => state === 'skipped');
    expect(skipped).toHaveLength(6);
    expect(new Set(skipped.map(({ reason }) => reason))).toEqual(new Set(['not chosen']));
  });

  it('asks again, before a late message, whether it is wanted', async () => {
    const order = await anOrder();
    await order.does(confirm);
    await bench.mail.away();
    await bench.tell(order);
    const notifier = bench.start();
    await until('a try failed', () => notifier.lines.find(({ hindrance }) => hindrance === 'away'), WAIT_MS);
    await prints('preferences', 'set', customerId, '--channels', 'none');
    await bench.mail.back();
    await bench.settled();
    expect(await emailRows()).toMatchObject([{ state: 'skipped', reason: 'not chosen' }]);
    expect(mailTo(email)).toEqual([]);
  });

  it('writes to guests; and not to whom it has no address of, or whose personal data is erased', async () => {
    const store = bench.system.eventStore;
    const guest = await placedBy(store, { customerId: null, email });
    const unknown = await placedBy(store, { customerId, email: null });
    const erased = await anOrder();
    for (const order of [guest, unknown, erased]) await order.does(confirm);
    await bench.erase(erased);
    for (const order of [guest, unknown, erased]) await bench.tell(order);
    bench.start();
    await bench.settled();
    expect(mailTo(email).map(({ subject }) => subject)).toEqual([
      `Your order ${guest.order.number} is confirmed`,
    ]);
    const reasons = (await emailRows()).map(({ state, reason }) => `${state}: ${reason}`);
    expect(reasons.sort()).toEqual(['skipped: no address', 'skipped: personal data erased']);
  });

  it('waits while the SMTP server is away, and holds that against no message', async () => {
    const orders = await Promise.all([anOrder(), anOrder(), anOrder()]);
    await bench.mail.away();
    for (const order of orders) {
      await order.does(confirm);
      await order.does(payment(order.order));
      await bench.tell(order);
    }
    const notifier = bench.start({ NOTIFIER_MAX_ATTEMPTS: '1' });
    const isAway = ({ hindrance }: { hindrance?: unknown }) => hindrance === 'away';
    await until('some tries failed', () => notifier.lines.filter(isAway).length >= 5, WAIT_MS);
    expect(mailTo(email)).toEqual([]);
    await bench.mail.back();
    await bench.settled();
    expect(await emailRows()).toMatchObject(Array(6).fill({ state: 'sent', attempts: 0 }));
    expect(mailTo(email)).toHaveLength(6);
  });

  it('dead-letters what is refused for good while others go on, and sends it once it is replayed', async () => {
    const [refused, other] = await Promise.all([
      anOrder(),
      placedBy(bench.system.eventStore, { customerId: null, email: `other-${email}` }),
    ]);
    await bench.mail.answer({ [email]: { code: 550, text: `5.1.1 <${email}> unknown` } });
    for (const order of [refused, other]) {
      await order.does(confirm);
      await bench.tell(order);
    }
    const notifier = bench.start();
    await bench.settled();
    expect(mailTo(`other-${email}`)).toHaveLength(1);
    expect(await emailRows()).toMatchObject([{ state: 'dead', reason: 'smtp: 550 RCPT TO' }]);
    const listed = (await prints('dead-letters', 'list')).trim().split('\n');
    const letters = listed.map((line) => JSON.parse(line) as { offset: string; recipient: string });
    const letter = letters.find(({ recipient }) => recipient === `email:${customerId}`)!;
    expect(letter).toMatchObject({
      reason: 'smtp: 550 RCPT TO',
      type: 'order_confirmed',
      attempts: 1,
      event: 'orderlog.order.confirmed.v1',
      order: refused.orderId,
      now: 'dead',
    });
    // Neither in the dead letter nor in the log.
    expect(JSON.stringify([letters, notifier.lines])).not.toContain(email);

    await bench.mail.answer({});
    const one = ['--from', letter.offset, '--to', letter.offset];
    expect(JSON.parse(await prints('replay', ...one))).toEqual({
      replayed: 1,
      leftAsTheyAre: 0,
      stillMalformed: 0,
    });
    await bench.settled();
    expect(mailTo(email)).toHaveLength(1);
    expect(JSON.parse(await prints('replay', ...one))).toMatchObject({ replayed: 0, leftAsTheyAre: 1 });
    await prints('replay', '--all');
    await bench.settled();
    expect(mailTo(email)).toHaveLength(1);
  });

  it('tries again what is refused for now, lets no later message of the order pass, and gives up in the end', async () => {
    const order = await anOrder();
    const later = { code: 450, text: 'mailbox busy' };
    await bench.mail.answer({ [email]: later });
    await order.does(confirm);
    await order.does(payment(order.order));
    await bench.tell(order);
    bench.start();
    const tried = async () => (await emailRows()).find(({ attempts }) => attempts >= 2);
    expect(await until('a second try', tried, WAIT_MS)).toMatchObject({
      type: 'order_confirmed',
      state: 'waiting',
      reason: 'smtp: 450 RCPT TO',
    });
    expect(await emailRows()).toMatchObject([{ type: 'order_confirmed' }, { attempts: 0, state: 'waiting' }]);
    await bench.mail.answer({});
    await bench.settled();
    expect(mailTo(email).map(({ subject }) => subject.slice(0, 10))).toEqual(['Your order', 'We receive']);

    await bench.stopAll();
    await bench.mail.answer({ [email]: later });
    await order.isShipped();
    await bench.tell(order);
    bench.start({ NOTIFIER_MAX_ATTEMPTS: '2' });
    await bench.settled();
    const dead = (await emailRows()).filter(({ state }) => state === 'dead');
    expect(dead).toMatchObject([{ type: 'shipment_dispatched' }, { type: 'shipment_delivered' }]);
  });

  it('waits for query-api: while it is away, while it is behind the event, while the token is not taken', async () => {
    const order = await anOrder();
    await bench.system.stopProjector();
    await order.does(confirm);
    await bench.tell(order);
    const notifier = bench.start({ NOTIFIER_MAX_ATTEMPTS: '1' });
    const told = (reason: RegExp) => () => notifier.lines.some((line) => reason.test(String(line['reason'])));
    await until('it is behind', told(/^query-api: 503 not_caught_up$/), WAIT_MS);
    await bench.system.networks.postgres.away();
    await until('it is away', told(/^query-api: 503 read_models_unavailable$/), WAIT_MS);
    const token = bench.environment['NOTIFIER_TOKEN_FILE']!;
    await writeFile(token, 'not a token');
    await bench.system.networks.postgres.restore();
    await until('the token is refused', told(/^query-api: 401 /), WAIT_MS);
    expect(mailTo(email)).toEqual([]);
    bench.system.startProjector();
    await writeFile(token, await bench.system.token({ lifetimeSeconds: 3_600 }));
    await bench.settled();
    expect(mailTo(email)).toHaveLength(1);
    expect(await emailRows()).toMatchObject([{ state: 'sent', attempts: 0 }]);
  });

  it('ignores what it does not know, what is old and what is another tenant’s, and dead-letters what it cannot read', async () => {
    const order = await anOrder();
    await order.does(confirm);
    const old = new WrittenOrder(bench.system.eventStore);
    const longAgo = instantAt(Date.now() - 8 * DAY_MS);
    await old.doesAt(placedCommand(old, { customerId, email }), longAgo);
    await old.doesAt(confirm, longAgo);
    const stranger = new WrittenOrder(bench.system.eventStore, 'other');
    await stranger.does(placedCommand(stranger, { customerId, email }), confirm);
    for (const each of [order, old, stranger]) await bench.tell(each);
    const [, confirmed] = bench.messagesOf(order);
    const { key, value, headers } = confirmed!;
    const withId = (ce_type: string) => ({ ...headers, ce_type, ce_id: randomUUID() });
    await bench.send([
      { key, value: 'not JSON', headers: withId('orderlog.order.confirmed.v1') },
      { key, value, headers: withId('orderlog.order.confirmed.v2') },
      { key, value, headers: withId('orderlog.order.admired.v1') },
    ]);
    const notifier = bench.start();
    await bench.settled();
    expect(await emailRows()).toMatchObject([{ type: 'order_confirmed', state: 'sent' }]);
    expect(mailTo(email)).toHaveLength(1);
    const warned = notifier.lines.filter(({ level }) => level === 'warn');
    expect(warned).toMatchObject([{ type: 'orderlog.order.confirmed.v2' }]);
    const letters = (await prints('dead-letters', 'list')).trim().split('\n');
    const malformed = 'malformed: the data is no JSON object';
    expect(JSON.parse(letters.at(-1)!)).toMatchObject({ reason: malformed, order: order.orderId, now: null });
    const { offset } = JSON.parse(letters.at(-1)!) as { offset: string };
    expect(JSON.parse(await prints('replay', '--from', offset))).toMatchObject({ stillMalformed: 1 });
  });

  it('says in a line what is wrong with how it is used', async () => {
    const wrong = [
      [['replay'], 2, 'notifier: give either --all or --from OFFSET\n'],
      [['replay', '--from', 'x'], 2, 'notifier: an offset is a whole number\n'],
      [
        ['preferences', 'set', 'ada', '--channels', 'pigeon'],
        2,
        'notifier: --channels is one of email, sms\n',
      ],
      [['preferences', 'get'], 2, 'notifier: preferences get is used otherwise: see --help\n'],
      [['fly'], 2, 'notifier: no command fly: --help has all\n'],
    ] as const;
    for (const [parameters, exitCode, said] of wrong) {
      const { code, stderr } = await bench.command(...parameters);
      expect([parameters, code, stderr]).toEqual([parameters, exitCode, said]);
    }
    const settings = [
      [{ NOTIFIER_FROM: '' }, 'NOTIFIER_FROM is not set'],
      [{ NOTIFIER_SMTP_URL: 'mail.example.org' }, 'NOTIFIER_SMTP_URL is wrong'],
      [{ NOTIFIER_FORM: 'shop@example.org' }, 'NOTIFIER_FORM is no setting'],
      [{ NOTIFIER_POSTGRES_URL: 'postgres://127.0.0.1:1/none' }, 'connect ECONNREFUSED 127.0.0.1:1'],
    ] as const;
    for (const [changes, said] of settings) {
      const { code, stderr } = await bench.commandWith(changes, 'run');
      expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`^notifier: ${said}.*\\n$`))]);
    }
  });
});
