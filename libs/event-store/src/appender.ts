import { AppendConnection } from './append-connection.js';
import { appendError } from './client-errors.js';
import { StoreUnavailable } from './errors.js';
import type { Appended, ExactEvent, ExpectedRevision } from './port.js';
import { wireEvents } from './wire-event.js';

/**
 * Size of the appends that may be under way at once. Beyond it the store is too slow, and waiting would hide that.
 */
const IN_FLIGHT_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * The one appender of this process. There is only one because a failure of one client's append stream rejects the
 * pending appends of every client in the process.
 */
let appending: symbol | null = null;

/** Appends over one connection at a time. A broken connection is replaced by a new one. */
export class Appender {
  readonly #connectionString: string;
  readonly #timeoutMs: number;
  readonly #onLost: () => void;
  readonly #self = Symbol('appender');
  #connection: Promise<AppendConnection> | null = null;
  #retired: Promise<void> = Promise.resolve();
  #inFlightBytes = 0;
  #closed = false;

  /** @param onLost called when a connection breaks, before the callers of its unanswered appends learn of it */
  constructor(connectionString: string, timeoutMs: number, onLost: () => void = () => {}) {
    this.#connectionString = connectionString;
    this.#timeoutMs = timeoutMs;
    this.#onLost = onLost;
  }

  /** Errors as in the port. `position` is null when the server's answer had none. */
  async append(
    stream: string,
    events: readonly ExactEvent[],
    expected: ExpectedRevision,
  ): Promise<Omit<Appended, 'position'> & { position: bigint | null }> {
    this.#claim();
    const { events: wire, sizeBytes } = wireEvents(events);
    if (this.#inFlightBytes + sizeBytes > IN_FLIGHT_LIMIT_BYTES) {
      throw new StoreUnavailable('the event store does not keep up with the appends');
    }
    this.#inFlightBytes += sizeBytes;
    try {
      const connection = await (this.#connection ??= this.#connect());
      const expectedRevision = expected === 'no_stream' ? expected : BigInt(expected);
      const appended = await connection.append(stream, wire, expectedRevision);
      return {
        revision: Number(appended.nextExpectedRevision),
        position: appended.position?.commit ?? null,
      };
    } catch (error) {
      throw error instanceof StoreUnavailable ? error : appendError(stream, sizeBytes, error);
    } finally {
      this.#inFlightBytes -= sizeBytes;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    // A failed attempt to connect leaves nothing to close.
    const connection = await this.#connection?.catch(() => null);
    await connection?.close();
    await this.#retired;
    if (appending === this.#self) appending = null;
  }

  #claim(): void {
    if (this.#closed) throw new StoreUnavailable('this client of the event store was closed');
    if (appending !== null && appending !== this.#self) {
      throw new Error(
        'this process already appends through another client of the event store: share that one',
      );
    }
    appending = this.#self;
  }

  async #connect(): Promise<AppendConnection> {
    // The old stream must have ended first: its end rejects every append that is in flight at that time.
    await this.#retired;
    try {
      return await AppendConnection.open(this.#connectionString, this.#timeoutMs, (broken) => {
        this.#connection = null;
        this.#retired = broken.close();
        this.#onLost();
      });
    } catch (error) {
      this.#connection = null;
      throw error;
    }
  }
}
