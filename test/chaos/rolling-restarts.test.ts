import { testRollingRestarts } from '../support/rolling-restarts.js';

testRollingRestarts(8, 900_000);
