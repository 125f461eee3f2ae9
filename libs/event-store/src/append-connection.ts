import type { AppendResult, EventData, EventStoreDBClient } from '@eventstore/db-client';
import { guardAppendStreams } from './append-stream-guard.js';
import { storeUnavailable } from './client-errors.js';
import { closeClient, internalsOf } from './client-internals.js';
import { AppendOutcomeUnknown } from './errors.js';
import { openClient } from './open-client.js';
import { within } from './within.js';

/**
 * The client sends the deadline as a moment of its own clock, and the server compares it with the server's clock.
 * With a short deadline, a process whose clock is behind could append nothing. So `AppendConnection` measures the
 * wait for an answer itself.
 */
const SENT_DEADLINE_MS = 24 * 60 * 60 * 1_000;

/**
 * One client that only appends. After its first failure it is never used again. The client would reconnect by
 * itself, but the old stream would live on beside the new one, and the end of the old stream would reject the
 * appends in flight on the new one.
 */
export class AppendConnection {
  readonly #client: EventStoreDBClient;
  readonly #timeoutMs: number;
  readonly #unanswered = new Set<(cause: Error) => void>();
  readonly #onBroken: (connection: AppendConnection) => void;
  #lastAnswerAtMs = 0;
  #broken: Error | null = null;
  #firstSent: Promise<void> | null = null;

  private constructor(
    client: EventStoreDBClient,
    timeoutMs: number,
    onBroken: (c: AppendConnection) => void,
  ) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.#onBroken = onBroken;
    guardAppendStreams(client, (cause) => this.#break(cause));
  }

  /** @throws StoreUnavailable when the server does not answer in time: no append was sent. */
  static async open(
    connectionString: string,
    timeoutMs: number,
    onBroken: (connection: AppendConnection) => void,
  ): Promise<AppendConnection> {
    const client = openClient(connectionString);
    const internals = internalsOf(client);
    if (!internals.throwOnAppendFailure) {
      throw new Error(
        'the connection string sets throwOnAppendFailure=false: remove that, or revisions would be wrong',
      );
    }
    try {
      await within(timeoutMs, internals.capabilities);
    } catch (error) {
      await closeClient(client);
      throw storeUnavailable('the event store does not answer', error);
    }
    return new AppendConnection(client, timeoutMs, onBroken);
  }

  /**
   * Rejects with the client's error, with AppendOutcomeUnknown when no answer came in time, or with
   * StoreUnavailable when the connection broke before anything was sent.
   */
  async append(
    stream: string,
    events: EventData[],
    expectedRevision: bigint | 'no_stream',
  ): Promise<AppendResult> {
    await this.#turn();
    return this.#append(stream, events, expectedRevision);
  }

  /**
   * The client's first append opens the stream. Appends that find the stream open would overtake it. So the first
   * append is sent alone, and the others follow in the order in which they were asked for.
   */
  #turn(): Promise<void> | null {
    if (this.#firstSent) return this.#firstSent;
    this.#firstSent = new Promise((sent) => setImmediate(sent));
    return null;
  }

  #append(
    stream: string,
    events: EventData[],
    expectedRevision: bigint | 'no_stream',
  ): Promise<AppendResult> {
    // The connection can break before this append uses it. Its client would then connect once more.
    if (this.#broken) {
      return Promise.reject(storeUnavailable('the connection for appending broke', this.#broken));
    }
    return new Promise((resolve, reject) => {
      const sentAtMs = performance.now();
      const settle = () => {
        clearTimeout(timer);
        this.#unanswered.delete(giveUp);
      };
      const giveUp = (cause: Error) => {
        settle();
        reject(
          new AppendOutcomeUnknown(`the outcome of the append to ${stream} is unknown: ${cause.message}`, {
            cause,
          }),
        );
      };
      const timer = setTimeout(() => {
        const cause = new Error(`no answer in ${this.#timeoutMs} ms`);
        giveUp(cause);
        // One slow append does not break the connection. A stream without any answer since then does.
        if (this.#lastAnswerAtMs < sentAtMs) this.#break(cause);
      }, this.#timeoutMs);
      this.#unanswered.add(giveUp);
      this.#client.appendToStream(stream, events, { expectedRevision, deadline: SENT_DEADLINE_MS }).then(
        (result) => {
          this.#lastAnswerAtMs = performance.now();
          settle();
          resolve(result);
        },
        (error: Error) => {
          // A refusal is an answer too. If the stream itself has ended, the connection is broken already.
          this.#lastAnswerAtMs = performance.now();
          settle();
          reject(error);
        },
      );
    });
  }

  /** Appends without an answer are rejected with AppendOutcomeUnknown. */
  async close(): Promise<void> {
    this.#break(new Error('the connection was closed'));
    await closeClient(this.#client);
  }

  #break(cause: Error): void {
    if (this.#broken) return;
    this.#broken = cause;
    for (const giveUp of this.#unanswered) giveUp(cause);
    this.#onBroken(this);
  }
}
