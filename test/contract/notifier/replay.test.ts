import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { replay } from '../../../examples/notifier/src/commands/dead-letters.command.js';
import { openDatabase } from '../../../examples/notifier/src/database.js';
import { Inbox } from '../../../examples/notifier/src/inbox.js';
import { freshDatabase } from '../../support/database.js';
import { repositoryRoot } from '../../support/seeded-tree.js';

const HOUR_MS = 3_600_000;
const bounds = { tenant: 'shop', maxAgeMs: 168 * HOUR_MS };
const atAnyAge = { ...bounds, maxAgeMs: Infinity };
const LONG_AGO_HOURS = 9 * 24;

let database: { url: string; drop: () => Promise<void> };
let pool: Pool;
let inbox: Inbox;

beforeEach(async () => {
  database = await freshDatabase();
  pool = await openDatabase(database.url, 'notifier', 2);
  inbox = new Inbox(pool);
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

/** The dead letter of an event that could not be read when it came, and can be read now. */
function letterOf(hoursAgo: number) {
  const orderId = randomUUID();
  const headers = {
    ce_id: randomUUID(),
    ce_type: 'orderlog.order.confirmed.v1',
    ce_source: '/orderlog/shop',
    ce_subject: orderId,
    ce_time: new Date(Date.now() - hoursAgo * HOUR_MS).toISOString(),
  };
  return { key: null, raw: { key: orderId, headers, value: '{"revision":1,"customerId":"ada"}' } };
}

async function rows(): Promise<string[]> {
  const { rows } = await pool.query<{ told: string }>(
    `SELECT event_id || ' ' || recipient || ' ' || state AS told FROM inbox`,
  );
  return rows.map(({ told }) => told).sort();
}

describe('an event that could not be read', () => {
  it('leads to its message when it is replayed soon after, once', async () => {
    const letter = letterOf(1);
    expect(await replay(letter, inbox, bounds)).toBe('replayed');
    expect(await replay(letter, inbox, bounds)).toBe('leftAsTheyAre');
    const id = letter.raw.headers.ce_id;
    expect(await rows()).toEqual([`${id} email:ada waiting`, `${id} sms:ada skipped`]);
  });

  it('is too old to lead to it again once its rows may be deleted', async () => {
    const [recent, old, unsent] = [letterOf(1), letterOf(LONG_AGO_HOURS), letterOf(LONG_AGO_HOURS)];
    for (const letter of [recent, old]) expect(await replay(letter, inbox, atAnyAge)).toBe('replayed');
    while (await inbox.next(async () => ({ state: 'sent' })));
    expect(await replay(unsent, inbox, atAnyAge)).toBe('replayed');

    const readme = await readFile(join(repositoryRoot, 'examples/notifier/README.md'), 'utf8');
    const [, deleting] = /^ *```sql\n([\s\S]*?)^ *```/m.exec(readme)!;
    await pool.query(deleting!);
    const left = [
      `${recent.raw.headers.ce_id} email:ada sent`,
      `${recent.raw.headers.ce_id} sms:ada skipped`,
    ];
    left.push(`${unsent.raw.headers.ce_id} email:ada waiting`);
    expect(await rows()).toEqual(left.sort());

    expect(await replay(old, inbox, bounds)).toBe('tooOld');
    expect(await replay(recent, inbox, bounds)).toBe('leftAsTheyAre');
    expect(await rows()).toEqual(left);
  });
});
