import { afterEach, it, jest } from '@jest/globals';
import type { Inbox } from '../../../examples/notifier/src/inbox.js';
import { Sender } from '../../../examples/notifier/src/sender.js';
import { until } from '../../support/until.js';

const HOUR_MS = 3_600_000;

afterEach(() => void jest.restoreAllMocks());

it('a pause of the sender lasts no longer where the clock is set back meanwhile', async () => {
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const realNow = Date.now;
  let looks = 0;
  const next = async () => {
    if (++looks > 1) return false;
    setImmediate(() => jest.spyOn(Date, 'now').mockImplementation(() => realNow() - HOUR_MS));
    throw new Error('PostgreSQL is away');
  };
  const inbox = { next } as Partial<Inbox> as Inbox;
  const attempt = () => Promise.reject(new Error('there is nothing to send'));
  const sender = new Sender({ inbox, attempt, concurrency: 1, retryMs: 50 });
  try {
    await until('the sender looks again', async () => looks > 1);
  } finally {
    await sender.stop();
  }
});
