import { randomInt, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { describeWith, kafkaBrokers, startOwnEngine, type OwnEngine } from '#test/support/engines.js';
import type { Mail } from '#test/support/mail-server.js';
import { NotifierBench } from '#test/support/notifier.js';
import type { RunningNotifier } from '#test/support/notifier-process.js';
import { confirm, WrittenOrder } from '#test/support/order-streams.js';
import { placedCommand } from '#test/support/told-orders.js';
import { until } from '#test/support/until.js';

const TEST_LIMIT_MS = 400_000;
const WAIT_MS = 90_000;
jest.setTimeout(TEST_LIMIT_MS);

const ROUNDS = 8;
/** Of each round, with four messages each. */
const ORDERS = 12;
/** How many messages a notifier sends at the same time: what one kill can repeat. */
const CONCURRENCY = 4;

/** What the customer of a fulfilled order is told, in this order. */
const TOLD = [/ is confirmed$/, /^We received /, / is on its way /, / was delivered$/];

const addressOf = ({ orderId }: WrittenOrder) => `${orderId}@example.org`;

async function placed(bench: NotifierBench): Promise<WrittenOrder> {
  const order = new WrittenOrder(bench.system.eventStore);
  await order.does(placedCommand(order, { customerId: null, email: addressOf(order) }));
  return order;
}

/** Orders that were confirmed, paid, sent and delivered, as the topic tells it: those of a round at the same time. */
async function toldOrders(bench: NotifierBench, many: number): Promise<WrittenOrder[]> {
  return Promise.all(
    Array.from({ length: many }, async () => {
      const order = await placed(bench);
      await order.isFulfilled();
      await bench.topic.tell(order);
      return order;
    }),
  );
}

/** Waits until the notifier has logged this. */
const told = ({ lines }: RunningNotifier, wanted: string) =>
  until(`the notifier tells: ${wanted}`, () => lines.some(({ message }) => message === wanted), WAIT_MS);

/** Mails that repeat an earlier one. Fails when one of an order is missing, or their first copies are out of order. */
function secondCopies(orders: readonly WrittenOrder[], taken: readonly Mail[]): Mail[] {
  const copies: Mail[] = [];
  for (const order of orders) {
    const subjects = new Map<string, string>();
    for (const mail of taken.filter(({ to }) => to === addressOf(order))) {
      const known = subjects.get(mail.subject);
      subjects.set(mail.subject, known ?? mail.messageId);
      if (known === undefined) continue;
      expect(mail.messageId).toBe(known);
      copies.push(mail);
    }
    expect([...subjects.keys()]).toEqual(TOLD.map((told) => expect.stringMatching(told)));
    expect(new Set(subjects.values()).size).toBe(TOLD.length);
  }
  return copies;
}

describeWith('kafka', 'the example notifier, interrupted', () => {
  let bench: NotifierBench;

  beforeAll(async () => {
    bench = await NotifierBench.open(kafkaBrokers()!);
  }, TEST_LIMIT_MS);
  afterEach(() => bench.stopAll());
  afterAll(() => bench.close(), TEST_LIMIT_MS);

  /** An order that the topic tells to a notifier in its group, whose PostgreSQL says nothing from then on. */
  async function toldWithoutAnswers() {
    const order = await placed(bench);
    await order.does(confirm);
    const notifier = bench.start();
    await told(notifier, 'the notifier has joined its group');
    bench.postgres.holdAnswers();
    await bench.topic.tell(order);
    return { order, notifier };
  }

  const mailTo = (order: WrittenOrder) => bench.mail.taken.filter(({ to }) => to === addressOf(order));

  it('by a kill between the 250 and the commit: sends a second copy with the same Message-ID', async () => {
    const order = await placed(bench);
    await order.does(confirm);
    await bench.mail.hold();
    await bench.topic.tell(order);
    const notifier = bench.start();
    await until('the message is with the server', () => bench.mail.held.length > 0, WAIT_MS);
    bench.postgres.holdAnswers();
    await bench.mail.release(true);
    expect(mailTo(order)).toHaveLength(1);
    await notifier.end('SIGKILL');
    bench.postgres.passAnswers();
    bench.start();
    await bench.settled();
    const [first, second, ...more] = mailTo(order);
    expect(second).toEqual(first);
    expect(more).toEqual([]);
  });

  it('by a kill before the 250: sends no second copy', async () => {
    const order = await placed(bench);
    await order.does(confirm);
    await bench.mail.hold();
    await bench.topic.tell(order);
    const notifier = bench.start();
    await until('the message is with the server', () => bench.mail.held.length > 0, WAIT_MS);
    await notifier.end('SIGKILL');
    await bench.mail.release(false);
    bench.start();
    await bench.settled();
    expect(mailTo(order)).toHaveLength(1);
  });

  it('by a kill while it takes events in: finds them again', async () => {
    const { order, notifier } = await toldWithoutAnswers();
    await until('it takes the event in', () => bench.hasAsked('FROM preferences'), WAIT_MS);
    await notifier.end('SIGKILL');
    bench.postgres.passAnswers();
    bench.start();
    await bench.settled();
    expect(mailTo(order)).toHaveLength(1);
  });

  it(`by kills at ${ROUNDS} random moments under load: loses none, and repeats at most what was under way`, async () => {
    const orders: WrittenOrder[] = [];
    let kills = 0;
    const victims = [bench.start(), bench.start()];
    for (let round = 0; round < ROUNDS; round++) {
      const writing = toldOrders(bench, ORDERS);
      const enough = bench.mail.taken.length + randomInt(1, 2 * ORDERS);
      await until(`${enough} mails were taken`, () => bench.mail.taken.length >= enough, WAIT_MS);
      await victims[round % 2]!.end('SIGKILL');
      kills++;
      victims[round % 2] = bench.start();
      orders.push(...(await writing));
    }
    await bench.settled();
    const copies = secondCopies(orders, bench.mail.taken);
    expect(copies.length).toBeLessThanOrEqual(kills * CONCURRENCY);
    process.stdout.write(
      `${kills} kills, ${orders.length * TOLD.length} messages, ${copies.length} second copies\n`,
    );
  });

  it('by others of its group that join, stop and start: sends nothing twice', async () => {
    const orders = await toldOrders(bench, ORDERS);
    const first = bench.start();
    orders.push(...(await toldOrders(bench, ORDERS)));
    const second = bench.start();
    await told(second, 'the notifier has joined its group');
    orders.push(...(await toldOrders(bench, ORDERS)));
    const repeating = Promise.all(orders.map((order) => bench.topic.repeat(order)));
    expect(await first.end('SIGTERM')).toBe(0);
    bench.start();
    await repeating;
    await bench.settled();
    expect(secondCopies(orders, bench.mail.taken)).toEqual([]);
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it('by the absence of its PostgreSQL: takes events when that is back', async () => {
    const notifier = bench.start();
    await told(notifier, 'ready');
    await bench.postgres.away();
    const orders = await toldOrders(bench, 2);
    const [order] = orders;
    const { key, headers } = bench.topic.messagesOf(order!)[1]!;
    await bench.topic.send([{ key, value: 'not JSON', headers: { ...headers, ce_id: randomUUID() } }]);
    const tries = () => notifier.lines.filter(({ message }) => String(message).includes('eachBatch')).length;
    const before = tries(); // of two partitions at most
    await until('it has tried that one more than once', () => tries() > before + 4, WAIT_MS);
    await bench.postgres.restore();
    await bench.settled();
    expect(secondCopies(orders, bench.mail.taken)).toEqual([]);
    // However often the batch came again.
    const { stdout } = await bench.command('dead-letters', 'list');
    const letters = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { order: string | null });
    expect(letters.filter((letter) => letter.order === order!.orderId)).toHaveLength(1);
  });

  it('by Kafka, which gives it up while its PostgreSQL says nothing: joins its group again', async () => {
    const { order, notifier } = await toldWithoutAnswers();
    await until('Kafka has given it up', async () => (await bench.members()) === 0, WAIT_MS);
    bench.postgres.passAnswers();
    await bench.settled();
    expect(mailTo(order)).toHaveLength(1);
    const later = await placed(bench);
    await later.does(confirm);
    await bench.topic.tell(later);
    await bench.settled();
    expect(mailTo(later)).toHaveLength(1);
    expect(await notifier.end('SIGTERM')).toBe(0);
  });
});

describeWith('kafka', 'the example notifier with a Kafka that is killed', () => {
  let kafka: OwnEngine | undefined;
  let bench: NotifierBench | undefined;

  beforeAll(async () => {
    kafka = await startOwnEngine('kafka');
    bench = await NotifierBench.open([kafka.url]);
  }, TEST_LIMIT_MS);
  afterAll(async () => {
    await bench?.close();
    await kafka?.stop();
  }, TEST_LIMIT_MS);

  it('goes on by itself when Kafka is back, and sends each message once', async () => {
    const notifier = bench!.start();
    const orders = await toldOrders(bench!, ORDERS);
    await until('something was sent', () => bench!.mail.taken.length > 0, WAIT_MS);
    await kafka!.kill();
    const noticed = () => notifier.lines.some(({ message }) => String(message).startsWith('kafka: '));
    await until('it has noticed', noticed, WAIT_MS);
    await kafka!.restart();
    orders.push(...(await toldOrders(bench!, ORDERS)));
    await bench!.settled();
    expect(secondCopies(orders, bench!.mail.taken)).toEqual([]);
    const code = await notifier.end('SIGTERM');
    expect({ code, said: notifier.lines.slice(-5) }).toMatchObject({ code: 0 });
  });
});
