import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { UnavailableError } from '@eventstore/db-client';
import { status, type Client, type ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeClient, internalsOf } from './client-internals.js';
import { DbClientEventStore } from './db-client-event-store.js';
import { StoreUnavailable } from './errors.js';
import { newEventId } from './event-id.js';
import { openClient } from './open-client.js';

const WITHIN_MS = 100;

/** Nodes that accept connections and say nothing: a client looks for a cluster through them for minutes. */
let nodes: Server[] = [];
const sockets = new Set<Socket>();
const seeds = () => nodes.map((node) => `127.0.0.1:${(node.address() as AddressInfo).port}`).join(',');

beforeEach(async () => {
  nodes = Array.from({ length: 3 }, () =>
    createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    }),
  );
  await Promise.all(nodes.map((node) => new Promise<void>((done) => node.listen(0, '127.0.0.1', done))));
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all(nodes.map((node) => new Promise((done) => node.close(done))));
});

describe('a cluster that says nothing', () => {
  it('is StoreUnavailable for an append and a read, and does not hold up closing', async () => {
    const store = new DbClientEventStore({
      connectionString: `esdb://${seeds()}?tls=false&maxDiscoverAttempts=2&gossipTimeout=60`,
      timeoutMs: WITHIN_MS,
    });
    const events = [{ eventId: newEventId(), type: 'OrderHeld', data: {}, metadata: {} }];
    await expect(store.append('order-x', events as never, 'no_stream')).rejects.toThrow(StoreUnavailable);
    await expect(store.headPosition()).rejects.toThrow(StoreUnavailable);
    await store.close();
  });

  it('is looked for again in vain without an unhandled rejection', async () => {
    const client = openClient('esdb://127.0.0.1:1,127.0.0.1:1?tls=false&maxDiscoverAttempts=1');
    const internals = internalsOf(client);
    const looking = expect(internals.getChannel()).rejects.toThrow('Failed to discover');
    const failed = { getChannel: () => ({}) } as unknown as Client;
    const error = new UnavailableError({ code: status.UNAVAILABLE } as ServiceError);
    await expect(internals.handleError(failed, error)).resolves.toBeUndefined();
    await looking;
    await closeClient(client);
  });
});
