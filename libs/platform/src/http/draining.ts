import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** How long a connection that asks nothing stays open once nothing new is taken: what is on its way arrives. */
export const IDLE_MS = 500;
const LOOK_AGAIN_MS = 25;

/**
 * The end of an HTTP server, as its clients see it: readiness is red and everything is still answered; then nothing
 * new is taken, what is under way is answered, and connections that ask nothing are closed last. From the beginning
 * each answer says `Connection: close` (RFC 9112, section 9.6). So a client meets an answer or a refused connection,
 * and none that breaks under its request.
 */
export class Draining {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #begun = false;

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** What turns `/health/ready` red. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Goes on listening and answering, and lets go of each connection that it answers. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
      response.shouldKeepAlive = false;
    });
    for (const socket of this.#sockets) {
      const underWay = (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage;
      // Where its head is out already, the connection is closed once it asks nothing more.
      if (underWay) underWay.shouldKeepAlive = false;
    }
  }

  /** Takes no further connection; resolves when everything is answered and every connection closed. */
  async end(idleMs = IDLE_MS): Promise<void> {
    this.begin();
    // http.Server's own close would break idle connections at once, also those whose request is on its way.
    const closed = new Promise((resolve) => NetServer.prototype.close.call(this.#server, resolve));
    const idleFromMs = performance.now() + idleMs;
    while (this.#sockets.size > 0) {
      if (performance.now() > idleFromMs) {
        this.#server.closeIdleConnections();
        this.#closeUnused();
      }
      await setTimeout(LOOK_AGAIN_MS);
    }
    await closed;
  }

  /** Node waits a minute for the first request of a connection; clients keep some that they never use. */
  #closeUnused(): void {
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }
}
