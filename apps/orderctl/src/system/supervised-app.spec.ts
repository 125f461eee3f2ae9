import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { until } from '#test/support/until.js';
import { AppLog } from './app-log.js';
import { SupervisedApp } from './supervised-app.js';

it('a supervised app is tried again where the system makes no process of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orderlog-app-'));
  const log = new AppLog(join(folder, 'event-store.log'));
  const told: string[] = [];
  const app = new SupervisedApp(
    // No system allows a process so large an environment. A lack of memory for a process is thrown in the same
    // way.
    { name: 'event-store', environment: { ORDERLOG_LONG: 'x'.repeat(16_000_000) }, nodeFlags: [] },
    log,
    { tell: (line) => told.push(line), gaveUp: () => {} },
  );
  try {
    void app.start();
    await until('it was tried a second time', () => told.length === 2);
    expect(told[1]).toMatch(/^event-store ended \(spawn E2BIG\): starting it again$/);
    expect(app.pid).toBeNull();
  } finally {
    await app.stop();
    log.close();
    await rm(folder, { recursive: true });
  }
});
