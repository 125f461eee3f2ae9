import { testRollingRestarts } from '../../support/rolling-restarts.js';

testRollingRestarts(1, 240_000);
