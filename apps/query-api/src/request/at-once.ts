import { ProblemError } from '#platform/problems/problems.js';

/** A request ends when its reader has all of it, which may be soon. */
const RETRY_AFTER_SECONDS = 10;

/** Limits how many requests are under way at once in this process. */
export class AtOnce {
  readonly #underWay = new Map<string, number>();
  #all = 0;

  /**
   * @param most of one tenant
   * @param mostOfAll of all tenants; by default, what they need is limited elsewhere
   */
  constructor(
    readonly most: number,
    readonly mostOfAll = Infinity,
  ) {}

  /**
   * @returns a function to be called when the request is over
   * @throws ProblemError too_many_requests when `most` requests of the tenant, or `mostOfAll`, are under way
   */
  begin(tenantId: string): () => void {
    const others = this.#underWay.get(tenantId) ?? 0;
    if (others >= this.most) throw tooMany(`${this.most} such requests of this tenant`);
    if (this.#all >= this.mostOfAll) throw tooMany(`${this.mostOfAll} such requests`);
    this.#underWay.set(tenantId, others + 1);
    this.#all += 1;
    return () => {
      this.#all -= 1;
      const left = this.#underWay.get(tenantId)! - 1;
      if (left === 0) this.#underWay.delete(tenantId);
      else this.#underWay.set(tenantId, left);
    };
  }
}

function tooMany(running: string): ProblemError {
  const detail = `${running} are already running: send this one again when one of them has ended.`;
  return new ProblemError('too_many_requests', { detail, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
