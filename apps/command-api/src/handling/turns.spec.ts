import { beforeEach, describe, expect, it } from '@jest/globals';
import { OrderLine } from './order-queue.js';
import { Turns } from './turns.js';

let nowMs: number;
let turns: Turns;
let line: OrderLine;
beforeEach(() => {
  nowMs = 100_000;
  turns = new Turns({ elapsedMs: () => nowMs, random: () => 0.5 });
  line = new OrderLine('an order');
});

describe('turns', () => {
  it('are taken at once by who is alone', () => {
    for (let n = 0; n < 16; n++) {
      expect(turns.waitMs(line)).toBe(0);
      turns.won(line);
    }
  });

  it('are left to others now and then by who always comes first: they cannot say that they wait', async () => {
    for (let n = 0; n < 16; n++) turns.won(line);
    expect(turns.waitMs(line)).toBeGreaterThan(0);
    await turns.ours(line);
    expect(line.isStale).toBe(true);
    expect(turns.waitMs(line)).toBe(0);
  });

  it('are taken at once by who lost, and left to others by who had one', () => {
    turns.lost(line);
    expect(turns.waitMs(line)).toBeLessThanOrEqual(0);
    turns.won(line);
    const waitMs = turns.waitMs(line);
    expect(waitMs).toBeGreaterThan(0);
    nowMs += waitMs;
    expect(turns.waitMs(line)).toBeLessThanOrEqual(0);
  });

  it('take as long as they did of late', () => {
    turns.lost(line);
    turns.won(line);
    const before = turns.waitMs(line);
    for (let n = 0; n < 50; n++) turns.took(10);
    expect(turns.waitMs(line)).toBeGreaterThan(4 * before);
    for (let n = 0; n < 50; n++) turns.took(60_000);
    expect(turns.waitMs(line)).toBeLessThan(100);
  });

  it('are nobody else’s where nobody has come first for a second, and on other orders', () => {
    turns.lost(line);
    turns.won(line);
    expect(turns.waitMs(new OrderLine('another'))).toBe(0);
    nowMs += 1_000;
    turns.won(line);
    expect(turns.waitMs(line)).toBe(0);
  });
});
