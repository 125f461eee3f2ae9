import { beforeEach, describe, expect, it } from '@jest/globals';
import { OrderQueue } from './order-queues.js';
import { Turns } from './turns.js';

let nowMs: number;
let turns: Turns;
let queue: OrderQueue;
beforeEach(() => {
  nowMs = 100_000;
  turns = new Turns({ elapsedMs: () => nowMs, random: () => 0.5 });
  queue = new OrderQueue('an order');
});

/** How long a process waits after a turn of its own. */
const waitAfterOurs = () => {
  turns.won(queue);
  return turns.waitMs(queue);
};

describe('turns', () => {
  it('are taken at once by who is alone', () => {
    for (let n = 0; n < 15; n++) expect(waitAfterOurs()).toBe(0);
  });

  it('are left to others after sixteen in a row: rivals that lose every race cannot tell that they wait', async () => {
    for (let n = 0; n < 16; n++) turns.won(queue);
    expect(turns.waitMs(queue)).toBeGreaterThan(0);
    await turns.ours(queue);
    expect(queue.isStale).toBe(true);
    expect(turns.waitMs(queue)).toBe(0);
  });

  it('are in a row only where each is near the one before', () => {
    for (let n = 0; n < 40; n++) {
      expect(waitAfterOurs()).toBe(0);
      nowMs += 100;
    }
  });

  it('are taken at once by who lost, and left to others by who had one', () => {
    turns.lost(queue);
    expect(turns.waitMs(queue)).toBeLessThanOrEqual(0);
    const waitMs = waitAfterOurs();
    expect(waitMs).toBeGreaterThan(0);
    nowMs += Math.ceil(waitMs);
    expect(turns.waitMs(queue)).toBeLessThanOrEqual(0);
  });

  it('are left to others who came just after ours, not to those who came long after', () => {
    turns.won(queue);
    nowMs += 100;
    turns.met(queue);
    expect(waitAfterOurs()).toBe(0);
    turns.met(queue);
    expect(waitAfterOurs()).toBeGreaterThan(0);
  });

  it('are left to as many others as there seem to be', () => {
    turns.lost(queue);
    const toFew = waitAfterOurs();
    for (let n = 0; n < 6; n++) turns.lost(queue);
    expect(waitAfterOurs()).toBeGreaterThan(2 * toFew);
    for (let n = 0; n < 100; n++) turns.lost(queue);
    expect(waitAfterOurs()).toBeLessThan(32 * 2);
    for (let n = 0; n < 100; n++) waitAfterOurs();
    expect(waitAfterOurs()).toBeLessThan(toFew);
  });

  it('take as long as they did of late', () => {
    turns.lost(queue);
    const before = waitAfterOurs();
    for (let n = 0; n < 50; n++) turns.took(10);
    expect(turns.waitMs(queue)).toBeGreaterThan(4 * before);
    for (let n = 0; n < 50; n++) turns.took(60_000);
    expect(turns.waitMs(queue)).toBeLessThan(100);
  });

  it('are not left to rivals that were not met for a second, nor on other orders', () => {
    turns.lost(queue);
    turns.won(queue);
    expect(turns.waitMs(new OrderQueue('another'))).toBe(0);
    nowMs += 1_000;
    expect(waitAfterOurs()).toBe(0);
  });
});
