import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from '@jest/globals';
import { freePort } from './free-port.js';

it('a free port is another one each time, can be listened on, and is none of those of outgoing connections', async () => {
  const ports: number[] = [];
  for (let count = 0; count < 20; count++) ports.push(await freePort());
  expect(new Set(ports).size).toBe(20);
  expect(Math.max(...ports)).toBeLessThan(32_768);
  const server = createServer().listen(ports[0], '127.0.0.1');
  await once(server, 'listening');
  server.close();
});

it('a port on which somebody listens is passed over, and where none is left that is said', async () => {
  const first = await freePort();
  const ports = { first: first + 1, count: 3 };
  const server = createServer().listen(first + 2, '127.0.0.1');
  await once(server, 'listening');
  const found = [await freePort(ports), await freePort(ports)];
  expect(found.sort()).toEqual([first + 1, first + 3]);
  await expect(freePort(ports)).rejects.toThrow(
    `no free port on 127.0.0.1 from ${first + 1} to ${first + 3}`,
  );
  server.close();
});
