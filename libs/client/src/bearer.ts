/** A token, or a function that gets one. */
export type TokenSource = string | (() => string | Promise<string>);

/** The token that requests go out with. One that was refused is asked for anew, once for all calls that wait for it. */
export class Bearer {
  readonly #source: TokenSource;
  #token: Promise<string> | null = null;

  constructor(source: TokenSource) {
    this.#source = source;
  }

  /** Whether there can be another one than that which was refused. */
  get canRenew(): boolean {
    return typeof this.#source === 'function';
  }

  get(): string | Promise<string> {
    if (typeof this.#source === 'string') return this.#source;
    const source = this.#source;
    if (this.#token !== null) return this.#token;
    // Begun in a promise, so that what it throws at once is a rejection too.
    const asked = Promise.resolve().then(source);
    this.#token = asked;
    asked.catch(() => this.#forget(asked));
    return asked;
  }

  /** @param refused what the request went out with: another call may have got a new one meanwhile */
  async refuse(refused: string): Promise<void> {
    const current = this.#token;
    if (current !== null && (await current) === refused) this.#forget(current);
  }

  #forget(token: Promise<string>): void {
    if (this.#token === token) this.#token = null;
  }
}
