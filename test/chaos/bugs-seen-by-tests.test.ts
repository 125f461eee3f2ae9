import { describe } from '@jest/globals';
import { commandBugs } from './seeded-bugs/command-bugs.js';
import { followerBugs } from './seeded-bugs/follower-bugs.js';
import { leaseBugs } from './seeded-bugs/lease-bugs.js';
import { bugsAreSeen } from './seeded-bugs/seen-by-tests.js';

describe('a bug is seen by its test', () => bugsAreSeen([...commandBugs, ...leaseBugs, ...followerBugs]));
