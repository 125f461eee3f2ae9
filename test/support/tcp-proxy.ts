import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '#platform/free-port.js';

export interface TcpProxy {
  readonly port: number;
  /** Passes nothing more to clients, though their connections stay open. */
  holdAnswers(): void;
  /** Passes the held bytes and all that follow. */
  passAnswers(): void;
  /**
   * Never again passes what the server sends on the existing connections, though they stay open. New connections
   * work.
   */
  swallowAnswers(): void;
  /**
   * Passes nothing on the existing connections in either direction, not even their end, as if the host were lost.
   * New connections work.
   */
  loseHost(): void;
  /** From now on delays everything by this time, in both directions; 0: no delay. */
  slow(delayMs: number): void;
  /** Breaks the existing connections; new ones are accepted. */
  cut(): void;
  /** Tells one side of each connection that the other has closed its half. The other side does not learn of it. */
  halfClose(side: 'client' | 'server'): void;
  /** Breaks all connections, and accepts none until `restore`. */
  away(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

export interface ProxiedPair {
  readonly client: Socket;
  readonly server: Socket;
}

/**
 * Stands between a client and a server on this machine, and acts as a faulty network.
 * @param onPair called for each connection, so that a test can watch its bytes
 */
export async function startTcpProxy(
  targetPort: number,
  onPair: (pair: ProxiedPair) => void = () => {},
): Promise<TcpProxy> {
  const pairs = new Set<ProxiedPair>();
  const swallowed = new WeakSet<Socket>();
  let holding = false;
  let delayMs = 0;

  const listener = createServer((client) => {
    const server = connect(targetPort, '127.0.0.1');
    const pair = { client, server };
    pairs.add(pair);
    onPair(pair);
    const delay = () => delayMs;
    pass(client, server, delay);
    const answers = pass(server, client, delay);
    server.on('drain', () => {
      if (!swallowed.has(client)) client.resume();
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
    for (const socket of [client, server]) socket.on('error', end);
    client.on('close', end);
    server.on('close', () => void answers.passed().then(end));
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
  // Not any that the system gives: while it is away nobody else is to be given it.
  const port = await freePort();
  await listen(port);

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
    loseHost: () => {
      for (const pair of pairs)
        for (const socket of [pair.client, pair.server]) swallowed.add(socket.pause());
    },
    slow: (ms) => {
      delayMs = ms;
    },
    cut,
    halfClose: (side) => {
      for (const pair of pairs) pair[side].end();
    },
    away,
    restore: () => listen(port),
    close: async () => {
      if (listener.listening) await away();
    },
  };
}

/** A target's address, changed so that the target is reached through a proxy. */
export function through(proxy: Pick<TcpProxy, 'port'>, target: string): string {
  const url = new URL(target);
  url.port = String(proxy.port);
  return url.href;
}

/** Passes bytes on in their order, even while the delay changes. */
function pass(from: Socket, to: Socket, delayMs: () => number): { passed: () => Promise<void> } {
  let underWay = Promise.resolve();
  let waiting = 0;
  const write = (bytes: Buffer) => {
    if (to.writable && !to.write(bytes)) from.pause();
  };
  from.on('data', (bytes: Buffer) => {
    const dueMs = performance.now() + delayMs();
    if (waiting === 0 && delayMs() === 0) return write(bytes);
    waiting += 1;
    underWay = underWay
      .then(() => setTimeout(Math.max(0, dueMs - performance.now())))
      .then(() => {
        waiting -= 1;
        write(bytes);
      });
  });
  from.on('end', () => void underWay.then(() => to.end()));
  return { passed: () => underWay };
}
