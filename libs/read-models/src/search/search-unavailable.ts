/** The search engine cannot be asked now: it is away, too slow or overloaded. Others may still answer. */
export class SearchUnavailable extends Error {
  constructor(cause: unknown) {
    super('the search engine does not answer', { cause });
  }
}
