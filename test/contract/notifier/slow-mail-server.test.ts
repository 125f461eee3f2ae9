import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { SMTPServer } from 'smtp-server';
import { openDatabase } from '../../../examples/notifier/src/database.js';
import { Inbox, type DueMessage, type Outcome } from '../../../examples/notifier/src/inbox.js';
import { Mailer } from '../../../examples/notifier/src/mailer.js';
import { freshDatabase, testPool } from '../../support/database.js';
import { until } from '../../support/until.js';

const HELD_LIMIT_MS = 3_000;
const FROM = 'shop@example.org';

let database: { url: string; drop: () => Promise<void> };
let pool: Pool;
let watcher: Pool;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  database = await freshDatabase();
  pool = await openDatabase(database.url, 'notifier', 1, HELD_LIMIT_MS);
  watcher = testPool(database.url, 1);
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await pool.end();
  await watcher.end();
  await database.drop();
});

const urlOf = (server: Server) => `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** An SMTP server that waits before each of its answers. */
async function slowServer(beforeAnswer: () => Promise<unknown>): Promise<{ url: string; taken: string[] }> {
  const taken: string[] = [];
  const answer = (callback: (error?: Error | null) => void) => {
    beforeAnswer().then(() => callback(), callback);
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onMailFrom: (_address, _session, callback) => answer(callback),
    onRcptTo: (_address, _session, callback) => answer(callback),
    onData(stream, session, callback) {
      stream.resume();
      stream.on('end', () => {
        taken.push(...session.envelope.rcptTo.map(({ address }) => address));
        answer(callback);
      });
    },
  });
  server.on('error', () => {}); // of a client that has left: the test sees what that has come to
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  closers.push(() => new Promise<void>((closed) => server.close(closed)));
  return { url: urlOf(server.server), taken };
}

it('a message is held for as long as its dialogue takes, and sent once', async () => {
  const transactionMs = async () => {
    const { rows } = await watcher.query<{ ms: number }>(
      `SELECT (extract(epoch FROM clock_timestamp() - xact_start) * 1000)::float AS ms FROM pg_stat_activity
       WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
         AND xact_start IS NOT NULL`,
    );
    return rows[0]?.ms ?? null;
  };
  // Each answer comes well within the limit. Together they take longer.
  let answers = 0;
  const server = await slowServer(() => {
    const enoughMs = (++answers * HELD_LIMIT_MS) / 2;
    return until('the message is held so long, or no more', async () => {
      const heldMs = await transactionMs();
      return heldMs === null || heldMs >= enoughMs;
    });
  });
  const inbox = new Inbox(pool, HELD_LIMIT_MS);
  const event = { eventId: randomUUID(), orderId: randomUUID(), revision: 1, customerId: null, data: {} };
  const raw = { key: null, headers: {}, value: '' };
  await inbox.accept([{ event: { ...event, messageType: 'order_confirmed' }, raw }]);

  const mailer = new Mailer(server.url, FROM);
  const attempt = async ({ eventId }: DueMessage): Promise<Outcome> => {
    await mailer.send({
      to: 'ada@example.org',
      subject: 'S',
      body: 'B',
      messageId: `<${eventId}@example.org>`,
    });
    return { state: 'sent' };
  };
  expect(await inbox.next(attempt)).toBe(true);
  expect(await inbox.next(attempt)).toBe(false);
  expect([answers, server.taken]).toEqual([3, ['ada@example.org']]);
  expect(await inbox.counts()).toMatchObject({ waiting: 0, sent: 1 });
});

it('a dialogue that has no end is broken off, though its server always says something', async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write('220 mail.example.org\r\n');
    socket.once('data', () => {
      const talking = setInterval(() => socket.write('250-and\r\n'), 5);
      socket.once('close', () => clearInterval(talking));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((closed) => server.close(closed));
  });
  const mailer = new Mailer(urlOf(server), FROM, 200);
  const mail = { to: 'ada@example.org', subject: 'S', body: 'B', messageId: '<m@example.org>' };
  await expect(mailer.send(mail)).rejects.toMatchObject({ hindrance: 'away', message: 'smtp: ETIMEDOUT' });
});
