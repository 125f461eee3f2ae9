import { describe, expect, it } from '@jest/globals';
import { BackgroundWork } from './background-work.js';

/** Work that ends when it is told to. */
function held() {
  let end = () => {};
  const until = new Promise<void>((resolve) => (end = resolve));
  return { work: () => until, end: () => end() };
}

describe('work in the background', () => {
  it('begins after what is under way, and is waited for to its end', async () => {
    const work = new BackgroundWork({ atOnce: 1, waiting: 2 });
    const done: string[] = [];
    expect(work.add('a', async () => void done.push('a'))).toBe(true);
    expect(done).toEqual([]);
    await work.settled();
    expect(done).toEqual(['a']);
  });

  it('takes the place of work that waits under its key, never of work under way', async () => {
    const work = new BackgroundWork({ atOnce: 2, waiting: 2 });
    const first = held();
    const done: string[] = [];
    work.add('a', first.work);
    await new Promise<void>((next) => setImmediate(next));
    work.add('a', async () => void done.push('older'));
    work.add('a', async () => void done.push('newer'));
    first.end();
    await work.settled();
    expect(done).toEqual(['newer']);
  });

  it('refuses more than may wait', async () => {
    const work = new BackgroundWork({ atOnce: 1, waiting: 1 });
    const first = held();
    expect(work.add('a', first.work)).toBe(true);
    expect(work.add('b', async () => {})).toBe(true);
    expect(work.add('c', async () => {})).toBe(false);
    expect(work.add('b', async () => {})).toBe(true); // in the place of the one that waits
    first.end();
    await work.settled();
  });

  it('ends with what is under way, and leaves what waits', async () => {
    const work = new BackgroundWork({ atOnce: 1, waiting: 2 });
    const first = held();
    const done: string[] = [];
    work.add('a', first.work);
    work.add('b', async () => void done.push('b'));
    let isClosed = false;
    const closed = work.close().then(() => (isClosed = true));
    await new Promise<void>((next) => setImmediate(next));
    expect(isClosed).toBe(false);
    first.end();
    await closed;
    expect(done).toEqual([]);
    expect(work.add('c', async () => {})).toBe(false);
  });
});
