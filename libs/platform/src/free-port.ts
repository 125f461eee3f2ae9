import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below those that outgoing connections are given (from 32,768 on in Linux, from 49,152 on elsewhere, RFC 6335): one of
 * them would sooner or later hold the port of a server that is away for a moment, even one to that very server.
 */
const PORTS = { first: 20_000, count: 12_000 };
/** Of so many drawn for each port there is, hardly any port is not among them. */
const TRIES_EACH = 20;

const told = new Set<number>();

/**
 * A port of 127.0.0.1 on which nobody listens right now, and that this process was not told before. Any of many: one after
 * the other, processes would come across each other's, and take those of a server that is away for a moment.
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
