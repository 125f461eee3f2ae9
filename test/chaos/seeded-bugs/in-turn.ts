/** Number of parts that CI takes the bugs of a list in. */
const PARTS = 3;

/**
 * The bugs of a list that this run tries: all of them, or with ORDERLOG_TEST_BUGS=N those of one part, which is another
 * one for the next N. To try a bug takes as long as to start the system, or tests, anew.
 */
export function inTurn<Bug>(bugs: readonly Bug[]): readonly Bug[] {
  const turn = process.env['ORDERLOG_TEST_BUGS'];
  return turn === undefined ? bugs : bugs.filter((_, index) => index % PARTS === Number(turn) % PARTS);
}
