import { ProblemError } from '#platform/problems/problems.js';

/** A request ends when its reader has all of it, which may be soon. */
const RETRY_AFTER_SECONDS = 10;

/** Limits how many requests of a tenant are under way at once in this process. */
export class AtOnce {
  readonly #underWay = new Map<string, number>();

  constructor(readonly most: number) {}

  /**
   * @returns a function to be called when the request is over
   * @throws ProblemError too_many_requests when `most` requests of the tenant are under way
   */
  begin(tenantId: string): () => void {
    const others = this.#underWay.get(tenantId) ?? 0;
    if (others >= this.most) {
      const detail = `${this.most} such requests of this tenant are already running: send this one again when one of them has been read to its end.`;
      throw new ProblemError('too_many_requests', { detail, retryAfterSeconds: RETRY_AFTER_SECONDS });
    }
    this.#underWay.set(tenantId, others + 1);
    return () => {
      const left = this.#underWay.get(tenantId)! - 1;
      if (left === 0) this.#underWay.delete(tenantId);
      else this.#underWay.set(tenantId, left);
    };
  }
}
