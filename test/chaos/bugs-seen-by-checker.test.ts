import { describe } from '@jest/globals';
import { seededBugs } from './seeded-bugs/bugs.js';
import { bugsAreSeenThrough } from './seeded-bugs/seen-by-checker.js';

/** A broken projection may never reach the end of the log. */
const SETTLE_LIMIT_MS = 8_000;

describe('a system with a bug is seen through', () => bugsAreSeenThrough('bug', seededBugs, SETTLE_LIMIT_MS));
