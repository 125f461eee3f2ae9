import type { ClientReadableStream } from '@grpc/grpc-js';
import { StoreSilent, StoreUnavailable } from './errors.js';

/** How many items may wait for their reader, and how large they may be together, not counting the last one. */
const READ_AHEAD_ITEMS = 64;
const READ_AHEAD_BYTES = 4 * 1024 * 1024;
/** How many times a wait is checked within the time that it may take. */
const LOOKS_PER_WAIT = 4;

export interface CallItemsOptions<Message, Item> {
  readonly open: () => Promise<ClientReadableStream<Message>>;
  /** null: the message is not for the reader. */
  readonly pick: (message: Message) => Item | null;
  /** In bytes; without it, the size of items does not count. */
  readonly sizeOf?: (item: Item) => number;
  /** Longest wait for a message or for the end of the call. */
  readonly withinMs: number;
  /** Whether the end of the call is an error. */
  readonly isEndless?: boolean;
  /** Whether the server may be silent for any length of time from this message on. */
  readonly isPatientAfter?: (message: Message) => boolean;
  /** How many items there are at most. */
  readonly maxItems?: number;
  /** Whether the call is opened once more after this error, which came in place of the first message. */
  readonly isOpenedAgain?: (error: unknown) => boolean;
  /** The error that the reader gets for an error of the call. */
  readonly failure: (error: unknown) => Error;
  /** Ends the reading without an error. Items that were not read yet are dropped. */
  readonly signal?: AbortSignal;
}

interface Waiting<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * The items that a call streams, for one reader. A slow reader slows the server down. The call is opened when the
 * first item is asked for. A wait that takes too long ends with StoreSilent.
 *
 * However the reading ends, the call is ended too. It is cancelled only where the server does not end it: a server
 * that gets too many cancellations (RST_STREAM) closes the connection, with every other call on it
 * (CVE-2023-44487). So the last of `maxItems` items is handed out only when the call has ended.
 *
 * The iterator is written by hand: nested generators take longer for each event than decoding the event.
 */
export class CallItems<Message, Item> implements AsyncIterableIterator<Item, undefined> {
  readonly #options: CallItemsOptions<Message, Item>;
  readonly #maxItems: number;
  #call: ClientReadableStream<Message> | null = null;
  #isOpenedAgain = false;
  readonly #ahead: Item[] = [];
  /** Index in `#ahead` of the next item to be read. */
  #next = 0;
  /** Size of all items in `#ahead`. */
  #bytes = 0;
  #received = 0;
  #waiting: Waiting<Item> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Checks of the timer since the last message came or the wait began. */
  #looks = 0;
  /** Whether any message has come. */
  #hasBegun = false;
  /** Whether the server may be silent. */
  #isPatient = false;
  /** How the call ended; null: it has not ended. */
  #outcome: { readonly error: Error | null } | null = null;

  constructor(options: CallItemsOptions<Message, Item>) {
    this.#options = options;
    this.#maxItems = options.maxItems ?? Infinity;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#call === null && this.#outcome === null) await this.#begin();
    return this.#take() ?? (await this.#wait());
  }

  /** The reader stops early. */
  return(): Promise<IteratorResult<Item, undefined>> {
    this.#leave();
    return Promise.resolve(END);
  }

  #begin(): Promise<void> {
    const { signal } = this.#options;
    if (signal?.aborted) {
      this.#leave();
      return Promise.resolve();
    }
    signal?.addEventListener('abort', this.#leave);
    return this.#open();
  }

  async #open(): Promise<void> {
    const { open, isEndless } = this.#options;
    let call: ClientReadableStream<Message>;
    try {
      call = this.#call = await open();
    } catch (error) {
      return this.#end(error);
    }
    const ended = () => (isEndless ? new StoreUnavailable('the event store ended the subscription') : null);
    call.on('end', () => call === this.#call && this.#end(ended()));
    // gRPC emits errors even when nobody reads any more. Without a listener they would be uncaught.
    call.on('error', (error) => call === this.#call && this.#fail(error));
    call.on('data', (message: Message) => this.#receive(message));
    if (this.#outcome !== null) this.#cancel(); // the reader left meanwhile
  }

  #fail(error: unknown): void {
    const { isOpenedAgain } = this.#options;
    if (this.#outcome !== null || this.#hasBegun || this.#isOpenedAgain || !isOpenedAgain?.(error))
      return this.#end(error);
    this.#isOpenedAgain = true;
    this.#call = null;
    // In this turn of the event loop the client still handles the error. Later it uses the server that it named.
    setImmediate(() => {
      if (this.#outcome === null) void this.#open();
    });
  }

  readonly #leave = (): void => {
    this.#clear();
    if (this.#outcome !== null) return;
    this.#end(null);
    this.#cancel();
  };

  #cancel(): void {
    this.#call?.cancel();
    this.#call?.resume(); // the call ends only when everything received was taken
  }

  #receive(message: Message): void {
    if (this.#outcome !== null) return;
    this.#hasBegun = true;
    this.#isPatient ||= this.#options.isPatientAfter?.(message) ?? false;
    this.#looks = 0;
    const item = this.#options.pick(message);
    if (item === null) return;
    this.#received += 1;
    this.#ahead.push(item);
    this.#bytes += this.#options.sizeOf?.(item) ?? 0;
    if (this.#waiting) this.#answer(this.#waiting);
    if (this.#aheadCount() >= READ_AHEAD_ITEMS || this.#bytes >= READ_AHEAD_BYTES) this.#call!.pause();
  }

  #end(error: unknown): void {
    if (this.#outcome !== null) return;
    this.#outcome = { error: error === null ? null : this.#options.failure(error) };
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#options.signal?.removeEventListener('abort', this.#leave);
    if (this.#waiting) this.#answer(this.#waiting);
  }

  #answer(waiting: Waiting<Item>): void {
    try {
      const result = this.#take();
      if (result === null) return;
      this.#waiting = null;
      waiting.resolve(result);
    } catch (error) {
      this.#waiting = null;
      waiting.reject(error);
    }
  }

  /** null: there is nothing to be read yet. */
  #take(): IteratorResult<Item, undefined> | null {
    const isHeldBack = this.#outcome === null && this.#received >= this.#maxItems && this.#aheadCount() === 1;
    // The last item is handed out when the call has ended, and a paused call never ends.
    if (isHeldBack && this.#call!.isPaused()) this.#call!.resume();
    if (this.#aheadCount() > 0 && !isHeldBack) return { done: false, value: this.#shift() };
    if (this.#outcome === null) return null;
    const { error } = this.#outcome;
    this.#outcome = { error: null }; // the error is thrown once: it ends the iteration
    if (error !== null) throw error;
    return END;
  }

  #shift(): Item {
    const item = this.#ahead[this.#next++]!;
    if (this.#next === this.#ahead.length) {
      this.#clear();
      if (this.#call!.isPaused()) this.#call!.resume();
    }
    return item;
  }

  #aheadCount(): number {
    return this.#ahead.length - this.#next;
  }

  #clear(): void {
    this.#ahead.length = 0;
    this.#next = 0;
    this.#bytes = 0;
  }

  #wait(): Promise<IteratorResult<Item, undefined>> {
    this.#looks = 0;
    // One timer for a whole read: a timer for each item would cost more than the item.
    this.#timer ??= setInterval(() => this.#look(), this.#options.withinMs / LOOKS_PER_WAIT);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #look(): void {
    if (this.#waiting === null || this.#isPatient) return;
    // Checks are counted, not timed: after a long turn of the event loop, messages may wait to be received.
    this.#looks += 1;
    if (this.#looks <= LOOKS_PER_WAIT) return;
    this.#end(new StoreSilent(`the event store sent nothing for ${this.#options.withinMs} ms`));
    this.#cancel();
  }
}
