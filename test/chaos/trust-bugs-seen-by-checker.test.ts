import { describe } from '@jest/globals';
import { trustBugs } from './seeded-bugs/trust-bugs.js';
import { bugsAreSeenThrough } from './seeded-bugs/seen-by-checker.js';

const SETTLE_LIMIT_MS = 8_000;

describe('a system that trusts a customer, a request or a snapshot too much is seen through', () =>
  bugsAreSeenThrough('trust', trustBugs, SETTLE_LIMIT_MS));
