import type { CallError } from './errors.js';
import { FrameBatch } from './frames.js';

interface WritableCall {
  cancelled: boolean;
  write(batch: FrameBatch, callback: () => void): boolean;
  end(): void;
  emit(event: 'error', error: CallError): boolean;
  on(event: 'cancelled' | 'close', listener: () => void): unknown;
}

/** The server's side of a streaming answer: one write at a time, so that a slow reader slows the server down. */
export class ReplyStream {
  readonly #call: WritableCall;
  #open = true;
  #waiting: ((open: boolean) => void)[] = [];
  readonly #onClosed: (() => void)[] = [];

  constructor(call: WritableCall) {
    this.#call = call;
    call.on('cancelled', () => this.#stop());
    call.on('close', () => this.#stop());
    if (call.cancelled) this.#stop();
  }

  /** False once the caller has gone or the answer has ended. */
  get isOpen(): boolean {
    return this.#open;
  }

  /** Calls back once the caller has gone or the answer has ended; at once if that has already happened. */
  onClosed(callback: () => void): void {
    if (this.#open) this.#onClosed.push(callback);
    else callback();
  }

  /** Resolves when the transport has taken the frames, with whether anybody still listens. */
  async send(frames: readonly Buffer[]): Promise<boolean> {
    if (!this.#open) return false;
    if (frames.length === 0) return true;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      // A call that is cancelled meanwhile never calls back: `#stop` resolves the promise then.
      this.#call.write(new FrameBatch(frames), () => this.#release(this.#open));
    });
  }

  end(): void {
    if (!this.#open) return;
    this.#stop();
    this.#call.end();
  }

  fail(error: CallError): void {
    if (!this.#open) return;
    this.#stop();
    this.#call.emit('error', error);
  }

  #stop(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#release(false);
    for (const callback of this.#onClosed) callback();
  }

  #release(open: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve(open);
  }
}
