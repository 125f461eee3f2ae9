import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Nothing more passes to the client, though its connections stay open. */
  holdAnswers(): void;
  /** What was held passes, and what follows. */
  passAnswers(): void;
  /** What the server says on the connections there are passes never again, though they stay open; new ones work. */
  swallowAnswers(): void;
  /** Breaks the connections there are; new ones are accepted. */
  cut(): void;
  /** Breaks connections and takes none until `restore`. */
  away(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** Stands between a client and a server on this machine, to be the network's bad days. */
export async function startTcpProxy(targetPort: number): Promise<TcpProxy> {
  const pairs = new Set<{ client: Socket; server: Socket }>();
  const swallowed = new WeakSet<Socket>();
  let holding = false;

  const listener = createServer((client) => {
    const server = connect(targetPort, '127.0.0.1');
    const pair = { client, server };
    pairs.add(pair);
    client.pipe(server);
    server.on('data', (bytes) => {
      if (!client.write(bytes)) server.pause();
    });
    client.on('drain', () => {
      if (!holding && !swallowed.has(server)) server.resume();
    });
    if (holding) server.pause();
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
  });

  const cut = () => {
    for (const { client } of pairs) client.resetAndDestroy();
  };
  const listen = async (port: number) => {
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
  };
  const away = async () => {
    const closed = once(listener, 'close');
    listener.close();
    cut();
    await closed;
  };
  await listen(0);
  const { port } = listener.address() as AddressInfo;

  return {
    port,
    holdAnswers: () => {
      holding = true;
      for (const { server } of pairs) server.pause();
    },
    passAnswers: () => {
      holding = false;
      for (const { server } of pairs) if (!swallowed.has(server)) server.resume();
    },
    swallowAnswers: () => {
      for (const { server } of pairs) swallowed.add(server.pause());
    },
    cut,
    away,
    restore: () => listen(port),
    close: async () => {
      if (listener.listening) await away();
    },
  };
}
