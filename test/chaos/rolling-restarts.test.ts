import { testRollingRestarts } from '../support/rolling-restarts.js';

testRollingRestarts(3, 900_000);
