import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeClient, internalsOf } from './client-internals.js';
import { openClient } from './open-client.js';

let server: Http2Server;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.close();
  await once(server, 'close');
});

describe('a client', () => {
  it('lets a server send 256 KB ahead, of a call and of all together', async () => {
    const { port } = server.address() as AddressInfo;
    const client = openClient(`esdb://127.0.0.1:${port}?tls=false`);
    const connected = once(server, 'session') as Promise<[ServerHttp2Session]>;
    const stream = once(server, 'stream');
    internalsOf(client).capabilities.catch(() => {}); // the client's first call, which is never answered here
    const [session] = await connected;
    await stream; // the settings that precede the call have come with it
    expect(session.remoteSettings.initialWindowSize).toBe(262_144);
    expect(session.state.remoteWindowSize).toBe(262_144);
    await closeClient(client);
    session.destroy();
  });
});
