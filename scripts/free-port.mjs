import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// As libs/platform/src/free-port.ts, for scripts that run before anything is built: below the ports that outgoing
// connections are given, one of which would sooner or later hold that of a server that is about to start.
const FIRST = 20_000;
const COUNT = 12_000;
const TRIES = 1_000;

const told = new Set();

/** A port of 127.0.0.1 on which nobody listens right now, and that this process was not told before. */
export async function freePort() {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST + randomInt(COUNT);
    if (told.has(port)) continue;
    told.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port on 127.0.0.1 from ${FIRST} to ${FIRST + COUNT - 1}`);
}

function isFree(port) {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}
