import { ProblemError } from '#platform/problems/problems.js';

/** They end when their reader has them; that may be soon. */
const RETRY_AFTER_SECONDS = 10;

/** Counts what is under way for each tenant in this process. */
export class AtOnce {
  readonly #underWay = new Map<string, number>();

  constructor(readonly most: number) {}

  /**
   * @returns to be called when it is over
   * @throws ProblemError too_many_requests when as many as there may be are under way
   */
  begin(tenantId: string): () => void {
    const others = this.#underWay.get(tenantId) ?? 0;
    if (others >= this.most) {
      const detail = `${this.most} of these are under way: send it again when one of them has been read.`;
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
