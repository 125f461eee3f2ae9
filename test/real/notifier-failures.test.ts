import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { expect, it, jest } from '@jest/globals';
import { describeWith } from '#test/support/engines.js';
import type { RunningNotifier } from '#test/support/notifier-process.js';
import { NOTIFIER_TEST_MS, notifierSuite } from '#test/support/notifier-suite.js';
import { confirm, payment } from '#test/support/order-streams.js';
import { until } from '#test/support/until.js';

const WAIT_MS = 60_000;
jest.setTimeout(NOTIFIER_TEST_MS);

const BUSY = { code: 450, text: 'mailbox busy' };

describeWith('kafka', 'the example notifier, when something fails', () => {
  const suite = notifierSuite();

  const triesThatFound = ({ lines }: RunningNotifier, found: string) =>
    lines.filter(({ hindrance }) => hindrance === found).length;
  const deadLetters = async () => {
    const lines = (await suite.prints('dead-letters', 'list')).trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const replay = async (...range: string[]) => JSON.parse(await suite.prints('replay', ...range)) as unknown;

  it('waits while the SMTP server is away, and holds that against no message', async () => {
    const { bench } = suite;
    await bench.mail.away();
    for (const order of await Promise.all([suite.order(), suite.order(), suite.order()])) {
      await order.does(confirm);
      await order.does(payment(order.order));
      await bench.topic.tell(order);
    }
    const notifier = bench.start({ NOTIFIER_MAX_ATTEMPTS: '1' });
    await until('some tries failed', () => triesThatFound(notifier, 'away') >= 5, WAIT_MS);
    expect(suite.mails()).toEqual([]);
    await bench.mail.back();
    await bench.settled();
    expect(await suite.emailRows()).toMatchObject(Array(6).fill({ state: 'sent', attempts: 0 }));
    expect(suite.mails()).toHaveLength(6);
  });

  it('asks again, before a late message, whether it is wanted', async () => {
    const { bench } = suite;
    const order = await suite.order();
    await order.does(confirm);
    await bench.mail.away();
    await bench.topic.tell(order);
    const notifier = bench.start();
    await until('a try failed', () => triesThatFound(notifier, 'away') > 0, WAIT_MS);
    await suite.prints('preferences', 'set', suite.customerId, '--channels', 'none');
    await bench.mail.back();
    await bench.settled();
    expect(await suite.emailRows()).toMatchObject([{ state: 'skipped', reason: 'not chosen' }]);
    expect(suite.mails()).toEqual([]);
  });

  it('dead-letters what is refused for good while others go on, and sends it once it is replayed', async () => {
    const { bench, email, customerId } = suite;
    const refused = await suite.order();
    const other = await suite.order({ customerId: null, email: `other-${email}` });
    await bench.mail.answer({ [email]: { code: 550, text: `5.1.1 <${email}> unknown` } });
    for (const order of [refused, other]) {
      await order.does(confirm);
      await bench.topic.tell(order);
    }
    const notifier = bench.start();
    await bench.settled();
    expect(suite.mails(`other-${email}`)).toHaveLength(1);
    const reason = 'smtp: 550 RCPT TO';
    expect(await suite.emailRows()).toMatchObject([{ state: 'dead', reason }]);
    const letters = await deadLetters();
    const letter = letters.find(({ recipient }) => recipient === `email:${customerId}`)!;
    const event = 'orderlog.order.confirmed.v1';
    const about = { type: 'order_confirmed', event, order: refused.orderId };
    expect(letter).toMatchObject({ ...about, reason, attempts: 1, now: 'dead' });
    // Neither dead letters nor the log name anyone.
    expect(JSON.stringify([letters, notifier.lines])).not.toContain(email);

    await bench.mail.answer({});
    const one = ['--from', String(letter['offset']), '--to', String(letter['offset'])];
    expect(await replay(...one)).toEqual({ replayed: 1, leftAsTheyAre: 0, stillMalformed: 0, tooOld: 0 });
    await bench.settled();
    expect(suite.mails()).toHaveLength(1);
    expect(await replay(...one)).toEqual({ replayed: 0, leftAsTheyAre: 1, stillMalformed: 0, tooOld: 0 });
    await replay('--all');
    await bench.settled();
    expect(suite.mails()).toHaveLength(1);
  });

  it('tries again what is refused for now, and lets no later message of the order pass', async () => {
    const { bench, email } = suite;
    const order = await suite.order();
    await bench.mail.answer({ [email]: BUSY });
    await order.does(confirm);
    await order.does(payment(order.order));
    await bench.topic.tell(order);
    bench.start();
    const twice = async () => (await suite.emailRows()).some(({ attempts }) => attempts >= 2);
    await until('a second try', twice, WAIT_MS);
    expect(await suite.emailRows()).toMatchObject([
      { type: 'order_confirmed', state: 'waiting', reason: 'smtp: 450 RCPT TO' },
      { type: 'payment_received', state: 'waiting', attempts: 0 },
    ]);
    await bench.mail.answer({});
    await bench.settled();
    const subjects = suite.mails().map(({ subject }) => subject);
    expect(subjects).toMatchObject([/confirmed$/, /^We received/].map((said) => expect.stringMatching(said)));
  });

  it('gives up in the end, and then what is later has its turn', async () => {
    const { bench, email } = suite;
    const order = await suite.order();
    await bench.mail.answer({ [email]: BUSY });
    await order.isFulfilled();
    await bench.topic.tell(order);
    const notifier = bench.start({ NOTIFIER_MAX_ATTEMPTS: '3' });
    await until('one is given up', async () => (await suite.emailRows())[0]?.state === 'dead', WAIT_MS);
    await bench.mail.answer({});
    await bench.settled();
    const [first, ...later] = await suite.emailRows();
    expect(first).toMatchObject({ type: 'order_confirmed', state: 'dead', attempts: 3 });
    expect(later.filter(({ state }) => state === 'sent').length).toBeGreaterThan(0);
    expect(triesThatFound(notifier, 'failed')).toBeGreaterThanOrEqual(3);
    const ofOrder = (await deadLetters()).filter((letter) => letter['order'] === order.orderId);
    expect(ofOrder[0]).toMatchObject({ type: 'order_confirmed', attempts: 3, now: 'dead' });
  });

  it('waits for query-api: while it does not take the token, is behind the event, or is away', async () => {
    const { bench } = suite;
    const order = await suite.order();
    await bench.system.stopProjector();
    await order.does(confirm);
    await bench.topic.tell(order);
    const token = bench.environment['NOTIFIER_TOKEN_FILE']!;
    await writeFile(token, 'not a token');
    const notifier = bench.start({ NOTIFIER_MAX_ATTEMPTS: '1' });
    const told = (reason: RegExp) => () => notifier.lines.some((line) => reason.test(String(line['reason'])));
    await until('the token is refused', told(/^query-api: 401 /), WAIT_MS);
    await writeFile(token, await bench.system.token({ lifetimeSeconds: 3_600 }));
    await until('it is behind', told(/^query-api: 503 not_caught_up$/), WAIT_MS);
    await bench.system.networks.postgres.away();
    await until('it is away', told(/^query-api: 503 read_models_unavailable$/), WAIT_MS);
    await bench.system.networks.postgres.restore();
    expect(suite.mails()).toEqual([]);
    bench.system.startProjector();
    await bench.settled();
    expect(suite.mails()).toHaveLength(1);
    expect(await suite.emailRows()).toMatchObject([{ state: 'sent', attempts: 0 }]);
  });

  it('dead-letters an event that it cannot read, and goes on', async () => {
    const { bench } = suite;
    const order = await suite.order();
    await order.does(confirm);
    await bench.topic.tell(order);
    const { key, headers } = bench.topic.messagesOf(order)[1]!;
    await bench.topic.send([{ key, value: 'not JSON', headers: { ...headers, ce_id: randomUUID() } }]);
    await order.does(payment(order.order));
    await bench.topic.tell(order);
    bench.start();
    await bench.settled();
    expect(suite.mails()).toHaveLength(2);
    const letter = (await deadLetters()).at(-1)!;
    const reason = 'malformed: the data is no JSON object';
    expect(letter).toMatchObject({ reason, order: order.orderId, now: null });
    expect(await replay('--from', String(letter['offset']))).toMatchObject({ stillMalformed: 1 });
  });
});
