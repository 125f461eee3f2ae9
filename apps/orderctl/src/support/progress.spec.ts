import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ReplayProgressBars } from '../replay/replay-progress.js';
import { duration, Progress } from './progress.js';

const { stderr } = process;
const isTerminal = stderr.isTTY;
let printed = '';

const printsTo = (terminal: boolean) => {
  stderr.isTTY = terminal;
};
/** The last drawing of a bar: a terminal no longer shows the drawings before it. */
const lastDrawn = () => printed.split('\u001b[1G').at(-1)!;

beforeEach(() => {
  printed = '';
  jest.useFakeTimers();
  jest.spyOn(stderr, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
  stderr.isTTY = isTerminal;
});

describe('how far a long piece of work is', () => {
  it('is a bar in a terminal: its share, its rate and the time left', () => {
    printsTo(true);
    const progress = new Progress(1_000, 'orders');
    expect(lastDrawn()).toMatch(/^-{30} 0% {2}0\/1000 orders {2}0 orders\/s {2}\? left/);
    jest.advanceTimersByTime(10_000);
    progress.advance(250);
    jest.advanceTimersByTime(200);
    expect(lastDrawn()).toMatch(/^={8}-{22} 25% {2}250\/1000 orders {2}25 orders\/s {2}30 s left/);
    progress.end();
  });

  it('is a line every five seconds elsewhere, without a word for a terminal', () => {
    printsTo(false);
    const progress = new Progress(1_000, 'orders');
    progress.advance(100);
    jest.advanceTimersByTime(4_999);
    expect(printed).toBe('');
    jest.advanceTimersByTime(1);
    expect(printed).toBe('10.0% (100 of 1000 orders), 20 orders/s, 45 s left\n');
    progress.end();
    jest.advanceTimersByTime(60_000);
    expect(printed.split('\n')).toHaveLength(2);
  });

  it('does not know the time left before anything is done', () => {
    printsTo(false);
    const progress = new Progress(10, 'orders');
    jest.advanceTimersByTime(5_000);
    expect(printed).toBe('0.0% (0 of 10 orders), 0 orders/s, ? left\n');
    progress.end();
  });

  it('counts what was done before, but not for the rate', () => {
    printsTo(false);
    const progress = new Progress(1_000, 'orders', 500);
    progress.advance(50);
    jest.advanceTimersByTime(5_000);
    expect(printed).toBe('55.0% (550 of 1000 orders), 10 orders/s, 45 s left\n');
    progress.end();
  });

  it('makes place for a line beside the bar', () => {
    printsTo(true);
    const progress = new Progress(10, 'orders');
    progress.tell('a store is away');
    expect(printed.endsWith('\r\u001b[Ka store is away\n')).toBe(true);
    progress.end();
  });

  it.each([true, false])('tells a line without what a terminal would obey: terminal %s', (terminal) => {
    printsTo(terminal);
    const progress = new Progress(10, 'orders');
    progress.tell('order \u001b[2J: refused\nall done');
    expect(printed.endsWith('order \\u001b[2J: refused\\nall done\n')).toBe(true);
    progress.end();
  });
});

describe('how far a replay is', () => {
  it('is told of each phase by itself', () => {
    printsTo(false);
    const bars = new ReplayProgressBars();
    bars.advance({ phase: 'loading', done: 400, total: 1_000 });
    bars.advance({ phase: 'loading', done: 700, total: 1_000 });
    jest.advanceTimersByTime(5_000);
    bars.advance({ phase: 'verifying', done: 0, total: 50 });
    bars.advance({ phase: 'verifying', done: 25, total: 50 });
    jest.advanceTimersByTime(5_000);
    bars.end();
    jest.advanceTimersByTime(60_000);
    expect(printed).toBe(
      '70.0% (700 of 1000 positions read), 60 positions read/s, 5 s left\n' +
        '50.0% (25 of 50 orders verified), 5 orders verified/s, 5 s left\n',
    );
  });

  it('is not told of what takes a moment, or is of unknown length', () => {
    printsTo(false);
    const bars = new ReplayProgressBars();
    bars.advance({ phase: 'loading', done: 4, total: null });
    bars.advance({ phase: 'flipping', done: 0, total: 1 });
    jest.advanceTimersByTime(5_000);
    bars.tell('the flip waits');
    expect(printed).toBe('the flip waits\n');
    bars.end();
  });
});

it.each([
  [0, '0 s'],
  [59.6, '1 min 00 s'],
  [185, '3 min 05 s'],
  [3_599, '59 min 59 s'],
  [3_720, '1 h 02 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
