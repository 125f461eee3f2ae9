import { describe } from '@jest/globals';
import { moneyBugs } from './seeded-bugs/money-bugs.js';
import { bugsAreSeenThrough } from './seeded-bugs/seen-by-checker.js';

/** Everything must be settled here: payments still under way would look like the bug. */
const SETTLE_LIMIT_MS = 90_000;

describe('a shop or a provider with a bug is seen through', () =>
  bugsAreSeenThrough('money', moneyBugs, SETTLE_LIMIT_MS));
