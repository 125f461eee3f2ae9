import { testRollingRestarts } from '../support/rolling-restarts.js';

testRollingRestarts(4, 900_000);
