import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '#platform/logging.js';
import { EventReader, StorageUnavailable } from './event-reader.js';

const message = (type: string, body: readonly number[]) => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, Buffer.from(body)]);
};
const AUTHENTICATED = message('R', [0, 0, 0, 0]);
const READY = message('Z', ['I'.charCodeAt(0)]);
const COPY_BEGINS = message('H', [1, 0, 0]);
const QUERY = 'Q'.charCodeAt(0);

/**
 * A server that speaks as much of PostgreSQL's protocol as a COPY needs, and breaks off in the middle of the COPY.
 */
function breakingServer(breakOff: (socket: Socket) => void): Server {
  return createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(Buffer.concat([AUTHENTICATED, READY]));
      socket.on('data', (sent: Buffer) => {
        if (sent[0] === QUERY) socket.write(COPY_BEGINS, () => breakOff(socket));
      });
    });
  });
}

describe('a page of events', () => {
  let server: Server | null = null;
  afterEach(() => new Promise((closed) => (server ? server.close(closed) : closed(null))));

  it.each<[string, (socket: Socket) => void]>([
    ['ends', (socket) => socket.destroy()],
    ['is reset', (socket) => socket.resetAndDestroy()],
  ])('is StorageUnavailable where its connection %s, and nothing else ends', async (_how, breakOff) => {
    server = breakingServer(breakOff);
    await new Promise<void>((listening) => server!.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const url = `postgres://u:p@127.0.0.1:${port}/d?sslmode=disable`;
    const reader = new EventReader(url, createLogger('event-store', 'silent'), 5_000);
    await expect(reader.pageOfAll('forwards', 0, 10)).rejects.toThrow(StorageUnavailable);
    await reader.close();
  });
});
