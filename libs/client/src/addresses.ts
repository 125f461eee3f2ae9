/** The addresses of one API. All calls go to the preferred address until it fails, and then to the next one. */
export class Addresses {
  readonly #api: string;
  readonly #urls: readonly string[];
  #preferred = 0;

  /**
   * @param api the name of the API, for error messages
   * @throws TypeError when an address is no http(s) URL
   */
  constructor(api: string, urls: string | readonly string[]) {
    this.#api = api;
    this.#urls = [...new Set([urls].flat().map(withoutSlash))];
  }

  /** @throws TypeError when there is no address */
  get preferred(): string {
    const url = this.#urls[this.#preferred];
    if (url === undefined) throw new TypeError(`the client was given no address of ${this.#api}`);
    return url;
  }

  /** Turns to the next address after `from` failed. Another call may already have done so. */
  moveOn(from: string): void {
    if (this.preferred === from) this.#preferred = (this.#preferred + 1) % this.#urls.length;
  }
}

function withoutSlash(text: string): string {
  const { protocol, origin, pathname } = new URL(text);
  if (!/^https?:$/.test(protocol)) throw new TypeError(`${text} is not an http or https address`);
  return origin + pathname.replace(/\/+$/, '');
}
