// A real SMTP server in a separate process, which a test watches and controls by IPC messages.
import { SMTPServer } from 'smtp-server';

/** Replies to RCPT by address: `{ code, text }`. Other addresses are accepted. */
let replies = new Map();
/** Whether received mails wait for their reply. */
let holding = false;
const held = [];
let server = null;

function take(mail, callback) {
  process.send({ kind: 'taken', mail });
  callback();
}

function refusal({ code, text }) {
  return Object.assign(new Error(text), { responseCode: code });
}

async function listen(port) {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onRcptTo({ address }, _session, callback) {
      const reply = replies.get(address);
      callback(reply === undefined ? null : refusal(reply));
    },
    onData(stream, session, callback) {
      const chunks = [];
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address).join();
        const mail = { to, source: Buffer.concat(chunks).toString('utf8') };
        if (!holding) return take(mail, callback);
        held.push({ mail, callback });
        process.send({ kind: 'held', mail });
      });
    },
  });
  server.on('error', () => undefined); // the client of a connection was killed
  await new Promise((listening) => server.listen(port, '127.0.0.1', listening));
  return server.server.address().port;
}

const orders = {
  async listen({ port }) {
    return { port: await listen(port) };
  },
  async away() {
    const closed = new Promise((done) => server.close(done));
    for (const connection of server.connections) connection._socket.destroy();
    await closed;
    return {};
  },
  reply({ replies: given }) {
    replies = new Map(Object.entries(given));
    return {};
  },
  hold() {
    holding = true;
    return {};
  },
  /** Answers the held mails with 250, or with 451. */
  release({ taken }) {
    holding = false;
    for (const { mail, callback } of held.splice(0)) {
      if (taken) take(mail, callback);
      else callback(refusal({ code: 451, text: 'try again' }));
    }
    return {};
  },
};

process.on('message', async ({ order, ...details }) => {
  process.send({ kind: 'done', ...(await orders[order](details)) });
});
process.on('disconnect', () => process.exit());
