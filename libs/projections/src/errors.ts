/** An event that cannot be applied to its order's row: the projection does not go on past it. */
export class UnappliableEvent extends Error {
  constructor(
    readonly stream: string,
    readonly revision: number,
    why: string,
    options?: ErrorOptions,
  ) {
    super(`event ${revision} of ${stream} ${why}`, options);
  }
}
