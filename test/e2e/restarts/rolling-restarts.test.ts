import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RollingRestarts } from '../../support/rolling-restarts.js';

const ROUNDS = 1;
jest.setTimeout(240_000);

describe('rolling restarts of two of each app, under load', () => {
  let system: RollingRestarts;

  beforeAll(async () => {
    system = await RollingRestarts.start();
  });
  afterAll(() => system.close());

  it('fail no request and lose nothing', async () => {
    const { load, exitCodes } = system;
    load.start();
    for (let round = 0; round < ROUNDS; round++) await system.round();
    await load.stop();
    await system.check();
    expect(load.failures).toEqual([]);
    expect(exitCodes).toEqual(Array.from({ length: 6 * ROUNDS }, () => 0));
    // Clients met apps that were gone, so this was about something.
    expect(load.forgiven.refused).toBeGreaterThan(0);
  });
});
