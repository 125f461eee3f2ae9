import { within } from './waiting.js';

/** A token, or a function that gets one. */
export type TokenSource = string | (() => string | Promise<string>);

/** One question to the source. */
interface Asked {
  readonly answer: Promise<string>;
  /** null until it has come. */
  token: string | null;
}

/** The token that requests go out with. One that was refused is asked for anew, once for all calls that wait for it. */
export class Bearer {
  readonly #source: TokenSource;
  #asked: Asked | null = null;

  constructor(source: TokenSource) {
    this.#source = source;
  }

  /** Whether there can be another one than that which was refused. */
  get canRenew(): boolean {
    return typeof this.#source === 'function';
  }

  /**
   * @returns null when none comes within `limitMs`
   * @throws what the source throws, and the signal's reason
   */
  async get(limitMs: number, signal: AbortSignal | null): Promise<string | null> {
    if (typeof this.#source === 'string') return this.#source;
    signal?.throwIfAborted();
    const asked = (this.#asked ??= this.#ask(this.#source));
    if (asked.token !== null) return asked.token;
    const token = await within(limitMs, asked.answer, signal);
    // A source that hangs would hold up every later call, too.
    if (token === null) this.#forget(asked);
    return token;
  }

  /** @param refused what the request went out with: another call may have got a new one meanwhile, or be waiting for it */
  refuse(refused: string): void {
    if (this.#asked?.token === refused) this.#asked = null;
  }

  #ask(source: () => string | Promise<string>): Asked {
    // Begun in a promise, so that what it throws at once is a rejection too.
    const asked: Asked = { answer: Promise.resolve().then(source), token: null };
    asked.answer.then(
      (token) => (asked.token = token),
      () => this.#forget(asked),
    );
    return asked;
  }

  #forget(asked: Asked): void {
    if (this.#asked === asked) this.#asked = null;
  }
}
