import { AppendConnection } from './append-connection.js';
import { appendError } from './client-errors.js';
import { StoreUnavailable } from './errors.js';
import type { Appended, ExactEvent, ExpectedRevision } from './port.js';
import { wireEvents } from './wire-event.js';

/** What may be under way at once. Beyond it the store does not keep up, and waiting would only hide it. */
const IN_FLIGHT_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * The one that appends in this process: trouble with the append stream of one client rejects the pending
 * appends of every client in the process.
 */
let appending: symbol | null = null;

/** Appends over one connection at a time, and over a new one after trouble. */
export class Appender {
  readonly #connectionString: string;
  readonly #timeoutMs: number;
  readonly #onLost: () => void;
  readonly #self = Symbol('appender');
  #connection: Promise<AppendConnection> | null = null;
  #retired: Promise<void> = Promise.resolve();
  #inFlightBytes = 0;
  #closed = false;

  /** @param onLost told when a connection breaks, before what is under way on it is found out */
  constructor(connectionString: string, timeoutMs: number, onLost: () => void = () => {}) {
    this.#connectionString = connectionString;
    this.#timeoutMs = timeoutMs;
    this.#onLost = onLost;
  }

  /** Errors as in the port. `position` is null when the server did not say it. */
  async append(
    stream: string,
    events: readonly ExactEvent[],
    expected: ExpectedRevision,
  ): Promise<Omit<Appended, 'position'> & { position: bigint | null }> {
    this.#claim();
    const { events: wire, sizeBytes } = wireEvents(events);
    if (this.#inFlightBytes + sizeBytes > IN_FLIGHT_LIMIT_BYTES) {
      throw new StoreUnavailable('the event store does not keep up with what is appended');
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
    // An attempt to connect that fails has nothing left to close.
    const connection = await this.#connection?.catch(() => null);
    await connection?.close();
    await this.#retired;
    if (appending === this.#self) appending = null;
  }

  #claim(): void {
    if (this.#closed) throw new StoreUnavailable('this event store was closed');
    if (appending !== null && appending !== this.#self) {
      throw new Error('this process appends through another event store already: share that one');
    }
    appending = this.#self;
  }

  async #connect(): Promise<AppendConnection> {
    // The end of the old stream must be over: it rejects whatever is in flight then.
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
