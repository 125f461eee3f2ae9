import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate, setTimeout } from 'node:timers/promises';

/** How long an idle connection stays open once the server takes leave, so that a request on its way arrives. */
export const IDLE_MS = 500;
const LOOK_AGAIN_MS = 25;
/** A round of the event loop that was shorter had nothing to do but to look for what arrived. */
const QUIET_ROUND_MS = 0.2;
/** Rounds to wait for a quiet one. If none came by then, none will come soon. */
const MOST_ROUNDS = 100;

/**
 * Ends an HTTP server without breaking a request. First readiness is red, and every request is still answered. Then
 * new connections are sent elsewhere, and later none is accepted. Requests under way are answered, and idle
 * connections are closed last. From the beginning each answer says `Connection: close` (RFC 9112, section 9.6). So a
 * client gets an answer or a refused connection, but no connection that breaks under its request.
 */
export class Draining {
  readonly #server: Server;
  readonly #sendElsewhere: RequestListener | null;
  readonly #sockets = new Set<Socket>();
  #begun = false;

  /** @param sendElsewhere answers what nothing is done for, so that the client asks another instance */
  constructor(server: Server, sendElsewhere: RequestListener | null = null) {
    this.#server = server;
    this.#sendElsewhere = sendElsewhere;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Whether draining has begun, which turns `/health/ready` red. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Goes on listening and answering, but closes each connection after its answer. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
      response.shouldKeepAlive = false;
    });
    for (const socket of this.#sockets) {
      const underWay = answerUnderWay(socket);
      // If the head of the answer was sent already, the connection is closed later, once it is idle.
      if (underWay) underWay.shouldKeepAlive = false;
    }
  }

  /** Accepts no further connection. Resolves when every request is answered and every connection closed. */
  async end(idleMs = IDLE_MS): Promise<void> {
    this.begin();
    const idleFromMs = performance.now() + idleMs;
    if (this.#sendElsewhere && this.#sockets.size > 0) {
      this.#refuseNewcomers(this.#sendElsewhere);
      await setTimeout(idleMs / 2);
    }
    await arrivalsTaken();
    // http.Server's own close would break idle connections at once, even those with a request on its way.
    const closed = new Promise((resolve) => NetServer.prototype.close.call(this.#server, resolve));
    while (this.#sockets.size > 0) {
      if (performance.now() > idleFromMs) {
        await arrivalsTaken();
        this.#server.closeIdleConnections();
        this.#closeUnused();
      }
      await setTimeout(LOOK_AGAIN_MS);
    }
    await closed;
  }

  /**
   * Linux resets a connection that is made in the moment in which the server stops to listen. Clients that were sent
   * elsewhere shortly before make none.
   */
  #refuseNewcomers(sendElsewhere: RequestListener): void {
    const known = new Set(this.#sockets);
    const answer = this.#server.listeners('request') as RequestListener[];
    this.#server.removeAllListeners('request');
    this.#server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (known.has(request.socket)) {
        for (const listener of answer) listener.call(this.#server, request, response);
        return;
      }
      response.shouldKeepAlive = false;
      // The answer would be lost if the connection were closed before the body is read.
      request.resume().once('end', () => sendElsewhere(request, response));
    });
  }

  /**
   * Closes connections that never sent a byte. Clients keep such connections, and Node would wait a minute for
   * each.
   */
  #closeUnused(): void {
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }
}

/** The answer that a connection waits for, or is receiving; of several requests in a row, to the first. */
export function answerUnderWay(socket: Socket): ServerResponse | null {
  return (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage ?? null;
}

/**
 * Resolves when every connection and request that has arrived is taken, which means at the end of a quiet round of
 * the event loop. Whatever waits in the kernel when a socket is closed is reset, so a server that was busy with
 * something else would break connections that it has not even seen.
 */
async function arrivalsTaken(): Promise<void> {
  await setImmediate();
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const fromMs = performance.now();
    await setImmediate();
    if (performance.now() - fromMs < QUIET_ROUND_MS) return;
  }
}
