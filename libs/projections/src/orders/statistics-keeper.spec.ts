import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createLogger } from '#platform/logging.js';
import type { Generation } from '#read-models/generations/generation.js';
import { StatisticsKeeper } from './statistics-keeper.js';

const generation = { schema: 'gen_1', searchIndex: null } as Generation;

let mute: Server;
beforeEach(async () => {
  mute = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  mute.close();
});

const keeper = () => {
  const { port } = mute.address() as AddressInfo;
  const postgresUrl = `postgres://somebody@127.0.0.1:${port}/read`;
  return new StatisticsKeeper({ postgresUrl, generation, logger: createLogger('projector', 'silent') });
};

it('the statistics keeper is closed also while PostgreSQL has not answered yet', async () => {
  const asked = new Promise((resolve) => mute.once('connection', resolve));
  const waiting = keeper();
  waiting.wrote(1_000);
  await asked;
  await waiting.close();

  const connecting = keeper();
  connecting.wrote(1_000);
  await connecting.close();
});

it('the statistics keeper asks nothing while there are few rows, nor once it is closed', async () => {
  let connections = 0;
  mute.on('connection', () => (connections += 1));
  const idle = keeper();
  idle.wrote(100);
  await idle.close();
  idle.wrote(1_000);
  await idle.close();
  expect(connections).toBe(0);
});
