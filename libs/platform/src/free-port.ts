import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that outgoing connections get (from 32,768 on in Linux, from 49,152 on elsewhere, RFC 6335).
 * Otherwise an outgoing connection would sooner or later take the port of a server that is away for a moment, even
 * a connection to that very server.
 */
const PORTS = { first: 20_000, count: 12_000 };
/** Random draws for each port of the range, before it is said that none is free: hardly any is never drawn then. */
const TRIES_EACH = 20;

const told = new Set<number>();

/**
 * A port of 127.0.0.1 on which nobody listens right now, and which this process has not tried before. It is drawn
 * at random: in sequence, processes would run into each other's ports, and take that of a server that is away for
 * a moment.
 * @throws Error when no port of the range is free
 */
export async function freePort({ first, count } = PORTS): Promise<number> {
  for (let tries = 0; tries < TRIES_EACH * count; tries++) {
    const port = first + randomInt(count);
    if (told.has(port)) continue;
    told.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port on 127.0.0.1 from ${first} to ${first + count - 1}`);
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
