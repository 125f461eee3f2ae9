import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { ProxiedPair } from '../../support/tcp-proxy.js';

const ANSWER_LIMIT_MS = 5_000;

/** Whether an answered request is sent once more, and how much later. */
export interface Repeating {
  readonly chance: () => boolean;
  readonly delayMs: () => number;
}

/**
 * Repeats HTTP requests that pass through a proxy on separate connections, as a network or a retrying gateway may
 * do. The client does not know of it, and the answer to a repetition is dropped.
 */
export class RepeatedRequests {
  repeating: Repeating | null = null;
  readonly #targetPort: number;
  readonly #onRepeat: (request: string) => void;
  readonly #pending = new Set<Promise<void>>();

  constructor(targetPort: number, onRepeat: (request: string) => void) {
    this.#targetPort = targetPort;
    this.#onRepeat = onRepeat;
  }

  /** To be given to the proxy. */
  readonly watch = ({ client, server }: ProxiedPair): void => {
    let request: Buffer[] = [];
    let isAnswered = false;
    client.on('data', (bytes: Buffer) => {
      if (isAnswered) request = [];
      isAnswered = false;
      request.push(bytes);
    });
    server.on('data', () => {
      // When an answer begins, the request is complete.
      if (!isAnswered && this.repeating?.chance()) this.#begin(Buffer.concat(request), this.repeating);
      isAnswered = true;
    });
  };

  /** What was to be sent again was, and is answered; or nobody answers it. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #begin(request: Buffer, repeating: Repeating): void {
    const repetition = this.#repeat(request, repeating).finally(() => this.#pending.delete(repetition));
    this.#pending.add(repetition);
  }

  async #repeat(request: Buffer, { delayMs }: Repeating): Promise<void> {
    this.#onRepeat(request.toString('utf8'));
    await setTimeout(delayMs());
    const socket = connect(this.#targetPort, '127.0.0.1');
    socket.on('error', () => {}); // the server is away: this repetition is lost
    const answered = new Promise<void>((resolve) => {
      socket.once('data', () => resolve());
      socket.once('close', () => resolve());
    });
    socket.write(request);
    await Promise.race([answered, setTimeout(ANSWER_LIMIT_MS, undefined, { ref: false })]);
    socket.destroy();
  }
}
