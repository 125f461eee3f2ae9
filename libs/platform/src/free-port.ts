import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below those that outgoing connections are given (from 32,768 on in Linux, from 49,152 on elsewhere, RFC 6335): one of
 * them would sooner or later hold the port of a server that is away for a moment, even one to that very server.
 */
const FIRST = 20_000;
const COUNT = 12_000;
/** Processes that ask at the same time, and whose numbers are near each other, begin so far apart. */
const PORTS_OF_A_PROCESS = 40;

let next = (process.pid * PORTS_OF_A_PROCESS) % COUNT;

/** A port of 127.0.0.1 on which nobody listens right now, and that this process was not told before. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port on 127.0.0.1 between ${FIRST} and ${FIRST + COUNT}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
