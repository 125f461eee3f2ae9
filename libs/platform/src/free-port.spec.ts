import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { expect, it } from '@jest/globals';
import { freePort } from './free-port.js';

/** Above those that are drawn from, below those of outgoing connections. */
const BESIDE_THE_TOLD = { first: 32_000, count: 768 };

it('a free port is another one each time, can be listened on, and is none of those of outgoing connections', async () => {
  const ports: number[] = [];
  for (let count = 0; count < 20; count++) ports.push(await freePort());
  expect(new Set(ports).size).toBe(20);
  expect(Math.max(...ports)).toBeLessThan(32_768);
  const server = await listeningOn(ports[0]!);
  server.close();
});

it('a port on which somebody listens is passed over, and where none is left that is said', async () => {
  const first = await threeFreePorts();
  const ports = { first, count: 3 };
  const server = await listeningOn(first + 1);
  const found = [await freePort(ports), await freePort(ports)];
  expect(found.sort()).toEqual([first, first + 2]);
  await expect(freePort(ports)).rejects.toThrow(`no free port on 127.0.0.1 from ${first} to ${first + 2}`);
  server.close();
});

/** The first of three neighbours on which nobody listens, and which nobody is told of unless they are asked for. */
async function threeFreePorts(): Promise<number> {
  for (;;) {
    const first = BESIDE_THE_TOLD.first + randomInt(BESIDE_THE_TOLD.count - 2);
    const all = await Promise.allSettled([first, first + 1, first + 2].map(listeningOn));
    const servers = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    for (const server of servers) await closed(server);
    if (servers.length === 3) return first;
  }
}

async function listeningOn(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening'); // rejects where somebody else listens
  return server;
}

async function closed(server: Server): Promise<void> {
  const gone = once(server, 'close');
  server.close();
  await gone;
}
