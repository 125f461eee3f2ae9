import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EventStoreDBClient } from '@eventstore/db-client';
import { freePort } from '#platform/free-port.js';
import { freshDatabase } from '#test/support/database.js';
import { startEventStoreProcess } from '#test/support/event-store-process.js';

const ROUNDS = 10;
const ACKNOWLEDGED_PER_ROUND = 1_000;

interface Append {
  stream: string;
  ids: string[];
}
interface Acknowledged extends Append {
  lastRevision: number;
  position: number;
}
type Message = { tried: Append } | { acknowledged: Acknowledged } | { failed: string };

/** What the writers report to have done, in the order of their messages, with a way to wait for more reports. */
class Journal {
  /** With the last position that was acknowledged before the append was first sent. */
  readonly tried: (Append & { after: number })[] = [];
  readonly acknowledged: Acknowledged[] = [];
  failures = 0;
  #lastPosition = 0;
  #waiting: { count: number; resolve: () => void } | null = null;

  note(message: Message): void {
    if ('tried' in message) this.tried.push({ ...message.tried, after: this.#lastPosition });
    else if ('failed' in message) this.failures++;
    else {
      this.acknowledged.push(message.acknowledged);
      this.#lastPosition = Math.max(this.#lastPosition, message.acknowledged.position);
    }
    if (this.#waiting && this.acknowledged.length >= this.#waiting.count) this.#waiting.resolve();
  }

  async more(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting = { count: this.acknowledged.length + count, resolve };
    });
  }
}

async function storedEvents(url: string) {
  const client = EventStoreDBClient.connectionString(url);
  const events: { id: string; stream: string; revision: number; position: number }[] = [];
  for await (const { event } of client.readAll()) {
    const { id, streamId, revision, position } = event!;
    events.push({ id, stream: streamId, revision: Number(revision), position: Number(position.commit) });
  }
  await client.dispose();
  return events;
}

describe('SIGKILL of the event store under 64 writers [embedded]', () => {
  it('loses nothing acknowledged, leaves no batch half there, and positions only grow', async () => {
    const database = await freshDatabase();
    const journal = new Journal();
    let server = await startEventStoreProcess(database.url, await freePort());
    const { url } = server;
    const writers = fork(resolve('test/chaos/event-store-writers.mjs'), [url], { execArgv: [] });
    const writersEnded = once(writers, 'exit');
    let isStopping = false;
    let failuresBeforeKill = 0;
    const tooEarly = writersEnded.then(([code]) => {
      if (!isStopping) throw new Error(`the writers died with ${String(code)}`);
    });
    // The rejection must count as handled also while no round waits for it.
    tooEarly.catch(() => undefined);
    writers.on('message', (message: Message) => journal.note(message));
    try {
      for (let round = 0; round < ROUNDS; round++) {
        await Promise.race([journal.more(ACKNOWLEDGED_PER_ROUND), tooEarly]);
        // Each kill interrupted appends.
        if (round > 0) expect(journal.failures).toBeGreaterThan(failuresBeforeKill);
        failuresBeforeKill = journal.failures;
        await server.kill();
        server = await startEventStoreProcess(database.url, server.port);
      }
      await Promise.race([journal.more(ACKNOWLEDGED_PER_ROUND), tooEarly]);
      expect(journal.failures).toBeGreaterThan(failuresBeforeKill);
      isStopping = true;
      writers.send('stop');
      expect((await writersEnded)[0]).toBe(0);
      check(journal, await storedEvents(url));
    } finally {
      writers.kill('SIGKILL');
      await server.stop();
      await database.drop();
    }
  }, 600_000);
});

function check(journal: Journal, stored: Awaited<ReturnType<typeof storedEvents>>): void {
  const byId = new Map(stored.map((event) => [event.id, event]));
  expect(byId.size).toBe(stored.length);
  for (let index = 1; index < stored.length; index++) {
    expect(stored[index]!.position).toBeGreaterThan(stored[index - 1]!.position);
  }
  for (const { ids, stream, lastRevision, position } of journal.acknowledged) {
    const events = ids.map((id) => byId.get(id));
    expect(events.map((event) => event?.stream)).toEqual(ids.map(() => stream));
    expect(events.map((event) => event!.revision)).toEqual(
      ids.map((_, index) => lastRevision - ids.length + 1 + index),
    );
    expect(events.at(-1)!.position).toBe(position);
  }
  const known = new Set<string>();
  for (const { ids, after } of journal.tried) {
    const there = ids.filter((id) => byId.has(id)).length;
    expect([0, ids.length]).toContain(there);
    // An append sent after an acknowledgement has a later position, also across a kill: no position is given
    // twice.
    if (there > 0) expect(byId.get(ids[0]!)!.position).toBeGreaterThan(after);
    for (const id of ids) known.add(id);
  }
  expect(stored.filter((event) => !known.has(event.id))).toEqual([]);
  const next = new Map<string, number>();
  for (const { stream, revision } of stored) {
    expect(revision).toBe(next.get(stream) ?? 0);
    next.set(stream, revision + 1);
  }
}
