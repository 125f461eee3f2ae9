import { within } from './waiting.js';

/** A token, or a function that gets one. */
export type TokenSource = string | (() => string | Promise<string>);

/** One question to the source. */
interface Asked {
  readonly answer: Promise<string>;
  readonly resolve: (token: string) => void;
  /** null until the answer has come. */
  token: string | null;
}

/** The token that requests go out with. After a refusal the source is asked anew, once for all calls that wait. */
export class Bearer {
  readonly #source: TokenSource;
  #asked: Asked | null = null;

  /**
   * @throws TypeError when there is no token and no function (programs without types pass what they do not have), or no
   * header can hold the token
   */
  constructor(source: TokenSource) {
    if (!source) throw new TypeError('the client was given no token');
    if (typeof source === 'string') sendable(source);
    this.#source = source;
  }

  /** Whether the source can give another token after a refused one. */
  get canRenew(): boolean {
    return typeof this.#source === 'function';
  }

  /**
   * @returns null when no token comes within `limitMs`
   * @throws what the source throws, TypeError when it gives no token that can be sent, and the signal's reason
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

  /**
   * Forgets the token if it is still the current one. A newer token, which another call has got or waits for,
   * stays.
   *
   * @param refused the token that the request went out with
   */
  refuse(refused: string): void {
    if (this.#asked?.token === refused) this.#asked = null;
  }

  #ask(source: () => string | Promise<string>): Asked {
    let settle!: { resolve: (token: string) => void; reject: (error: unknown) => void };
    const answer = new Promise<string>((resolve, reject) => (settle = { resolve, reject }));
    const asked: Asked = { answer, resolve: settle.resolve, token: null };
    // The source is called inside a promise, so that a synchronous throw becomes a rejection too.
    const asking = Promise.resolve().then(source).then(given);
    asking.then(
      (token) => this.#came(token, asked),
      (error: unknown) => {
        this.#forget(asked);
        settle.reject(error);
      },
    );
    return asked;
  }

  /** A token that comes too late for its own question answers the one after it: a slow source would never give one. */
  #came(token: string, asked: Asked): void {
    asked.resolve(token);
    const current = (this.#asked ??= asked);
    current.token ??= token;
    current.resolve(current.token);
  }

  /** Unless it was answered meanwhile. */
  #forget(asked: Asked): void {
    if (this.#asked === asked && asked.token === null) this.#asked = null;
  }
}

function given(token: string): string {
  if (!token) throw new TypeError('the token source gave no token');
  return sendable(token);
}

/** @throws TypeError when no header can hold the token. What `Headers` throws would tell it. */
function sendable(token: string): string {
  try {
    new Headers({ authorization: token });
  } catch {
    throw new TypeError('the token has a character that no header can hold');
  }
  return token;
}
