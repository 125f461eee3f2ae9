/**
 * libs/read-models/golden/histories.ndjson.gz: a thousand histories of orders as the event store keeps them, one
 * on each line. They were made once, by playing stories from fixed numbers. What the code makes of them may
 * change; the histories themselves stay the same, except that a new type of event has to be added. `node
 * scripts/stored-histories.mjs` writes them anew.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encode } from '#event-store/codec.js';
import { orderStream } from '#event-store/streams.js';
import { play } from '#domain/testing/story.js';

const HISTORIES = 1_000;
/** One in so many is a long one: what comes of returns, refunds and reversals together is seen in few short ones. */
const LONG_EVERY = 5;
const file = new URL('../libs/read-models/golden/histories.ndjson.gz', import.meta.url);

/** The generator of Numerical Recipes. Any generator with the same numbers on every machine would do. */
function numbersFrom(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 8;
}

const hex = (number, digits) => number.toString(16).padStart(digits, '0');

async function history(index) {
  const next = numbersFrom(index + 1);
  const length = index % LONG_EVERY === 0 ? 20 + (next() % 60) : 2 + (next() % 14);
  const turns = Array.from({ length }, () => Array.from({ length: 24 }, () => next() % 10_000));
  const events = play(turns).flatMap((turn) => turn.events);
  const orderId = `0d0e0000-0000-5000-8000-${hex(index, 12)}`;
  const stored = [];
  for (const { recording, ...event } of events) {
    const metadata = {
      tenantId: 'default',
      commandId: `0c0a0000-0000-5000-8000-${hex(index * 1_000 + recording.revision, 12)}`,
      fingerprint: hex(recording.revision, 32),
      correlationId: 'history',
      causationId: null,
      actor: { type: 'service', id: 'history' },
      recordedAt: recording.recordedAt,
      traceparent: null,
    };
    const [encoded] = await encode(orderId, [event], metadata);
    const eventId = `0e0e0000-0000-7000-8000-${hex(index * 1_000 + recording.revision, 12)}`;
    const position = String(index * 1_000 + recording.revision);
    stored.push({
      ...encoded,
      eventId,
      stream: orderStream('default', orderId),
      revision: recording.revision,
      position,
    });
  }
  return stored;
}

const lines = [];
for (let index = 0; index < HISTORIES; index++) lines.push(JSON.stringify(await history(index)));
await writeFile(file, gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
console.log(`${fileURLToPath(file)} written`);
