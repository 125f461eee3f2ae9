import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { WriteOutcome } from '../storage/pending-write.js';
import type { AppendOptions, BatchAppendChunk, ProposedEvent } from '../wire/append-requests.js';
import {
  encodeBatchAppendFailure,
  encodeBatchAppendSuccess,
  type BatchAppendFailure,
} from '../wire/append-responses.js';
import { APPEND_MAX_BYTES, unavailable } from '../wire/errors.js';
import { FrameBatch } from '../wire/frames.js';
import { eventBytes } from './append-size.js';
import type { Store } from './store.js';

interface Assembly {
  options: AppendOptions | null;
  events: ProposedEvent[];
  bytes: number;
  invalid: string | null;
}

/** One client's stream of appends. Each is answered as soon as its outcome is known. */
export class BatchAppendCall {
  readonly #store: Store;
  readonly #call: ServerDuplexStream<BatchAppendChunk, FrameBatch>;
  /** Appends whose messages have not all arrived, by correlation id. */
  readonly #assembling = new Map<string, Assembly>();
  #answers: Buffer[] = [];
  #unanswered = 0;
  /** Why no appends are taken for the moment. */
  readonly #holds = new Set<'full queue' | 'slow reader'>();
  #isOver = false;
  #hasEnded = false;

  constructor(store: Store, call: ServerDuplexStream<BatchAppendChunk, FrameBatch>) {
    this.#store = store;
    this.#call = call;
    call.on('data', (chunk: BatchAppendChunk) => this.#receive(chunk));
    call.on('cancelled', () => (this.#isOver = true));
    call.on('close', () => (this.#isOver = true));
    call.on('end', () => {
      this.#hasEnded = true;
      this.#endWhenAnswered();
    });
  }

  #receive(chunk: BatchAppendChunk): void {
    // What was on its way when the call failed: its client was told that it failed.
    if (this.#isOver) return;
    const { correlationId } = chunk;
    const assembly = this.#assembling.get(correlationId) ?? {
      options: null,
      events: [],
      bytes: 0,
      invalid: null,
    };
    assembly.options ??= chunk.options;
    assembly.invalid ??= chunk.invalid;
    for (const event of chunk.events) {
      assembly.bytes += eventBytes(event);
      // An append that is too large is refused with its last message. Its events need not be kept until then.
      if (assembly.bytes <= APPEND_MAX_BYTES) assembly.events.push(event);
      else assembly.events = [];
    }
    if (!chunk.isFinal) {
      this.#assembling.set(correlationId, assembly);
      return;
    }
    this.#assembling.delete(correlationId);
    this.#submit(correlationId, assembly);
    const { writer } = this.#store;
    if (writer.isFull) this.#hold('full queue', (released) => writer.onceDrained(released));
  }

  #submit(correlationId: string, { options, events, bytes, invalid }: Assembly): void {
    this.#unanswered++;
    const stream = options?.stream ?? '';
    const refuse = (failure: BatchAppendFailure) =>
      this.#answer(encodeBatchAppendFailure(correlationId, stream, failure));
    if (invalid !== null) return refuse({ kind: 'invalid', message: invalid });
    if (!options) return refuse({ kind: 'invalid', message: 'the options are missing' });
    if (stream === '$all') return refuse({ kind: 'access-denied' });
    if (bytes > APPEND_MAX_BYTES) return refuse({ kind: 'too-large' });
    const { expected, deadlineMs } = options;
    const done = (outcome: WriteOutcome) => {
      if (outcome.kind === 'unavailable') return this.fail();
      if (outcome.kind === 'written') {
        const { revision, position } = outcome;
        return this.#answer(encodeBatchAppendSuccess(correlationId, stream, revision, position));
      }
      if (outcome.kind === 'wrong-expected-revision') refuse({ ...outcome, expected });
      else refuse(outcome);
    };
    this.#store.writer.submit({
      ...{ call: this, kind: 'append', stream, expected, events, bytes, deadlineMs, done },
    });
  }

  #answer(frame: Buffer): void {
    this.#unanswered--;
    if (this.#isOver) return;
    this.#answers.push(frame);
    if (this.#answers.length > 1) return;
    // Appends of one commit are answered in the same turn of the event loop: one write sends all the answers.
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#isOver) return;
    const answers = this.#answers;
    this.#answers = [];
    // While a client does not read its answers, no further appends are taken from it.
    if (!this.#call.write(new FrameBatch(answers))) {
      this.#hold('slow reader', (released) => this.#call.once('drain', released));
    }
    this.#endWhenAnswered();
  }

  /**
   * Ends the whole call, and with it every append that still waits for its answer. The outcome of an append is
   * unknown, and the answer to a single append cannot say so.
   */
  fail(): void {
    if (this.#isOver) return;
    if (this.#answers.length > 0) this.#flush();
    this.#isOver = true;
    this.#call.emit('error', unavailable());
  }

  /** Takes no appends until `released` is called, nor while there is another reason to hold back. */
  #hold(reason: 'full queue' | 'slow reader', untilReleased: (released: () => void) => void): void {
    if (this.#holds.has(reason)) return;
    this.#holds.add(reason);
    this.#call.pause();
    untilReleased(() => {
      this.#holds.delete(reason);
      if (this.#holds.size === 0) this.#call.resume();
    });
  }

  #endWhenAnswered(): void {
    if (!this.#hasEnded || this.#unanswered > 0 || this.#answers.length > 0 || this.#isOver) return;
    this.#isOver = true;
    this.#call.end();
  }
}
