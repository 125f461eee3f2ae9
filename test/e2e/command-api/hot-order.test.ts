import { randomUUID } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { type Answer, type Sent, type TestCommandApi } from '../../support/command-api.js';
import { ownEventStore } from '../../support/own-event-store.js';
import { mugOrder } from '../../support/orders.js';
import { metricOf } from '../../support/metrics.js';
import { orderEvents } from '../../support/stored-events.js';

const LIMIT_MS = 120_000;
jest.setTimeout(LIMIT_MS);

const PROCESSES = 4;
const WRITERS = 32;
const COMMANDS_EACH = 12;

const its = ownEventStore({ apis: Array.from({ length: PROCESSES }, () => ({})), limitMs: LIMIT_MS });
const { apis } = its;

async function placed(): Promise<string> {
  const { body } = await apis[0]!.send('/v1/orders', { body: mugOrder() });
  return String(body['orderId']);
}

const stored = async (orderId: string) => orderEvents(its.store, orderId);

const PATIENCE_MS = 5_000;

/** As a client does: the same request again where it is told that it may try again. */
async function persistently(api: TestCommandApi, path: string, sent: Sent): Promise<Answer> {
  for (;;) {
    const sentAtMs = performance.now();
    const answer = await api.send(path, sent);
    const isExhausted = answer.body['code'] === 'conflict_retry_exhausted';
    if (!isExhausted && answer.status !== 503) return answer;
    // A busy machine may make it so, but nobody is told so early.
    if (isExhausted) expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(PATIENCE_MS);
  }
}

describe('32 writers at one order, through four processes,', () => {
  it('are all answered with success, and each of their commands is in the stream once, as answered', async () => {
    const orderId = await placed();
    const answers: { text: string; answer: Answer }[] = [];
    const write = async (writer: number) => {
      const api = apis[writer % PROCESSES]!;
      for (let n = 0; n < COMMANDS_EACH; n++) {
        const text = `note ${n} of ${writer}`;
        const sent = { body: { text }, key: randomUUID() };
        answers.push({ text, answer: await persistently(api, `/v1/orders/${orderId}/notes`, sent) });
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));

    const events = await stored(orderId);
    expect(events).toHaveLength(1 + WRITERS * COMMANDS_EACH);
    for (const { text, answer } of answers) {
      expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
      const event = events[Number(answer.body['revision'])]!;
      expect(event).toMatchObject({ type: 'NoteAdded', personal: { text } });
      const { noteId } = event.data as { noteId: string };
      expect(answer.body['events']).toMatchObject([{ ids: { noteId } }]);
    }
    const times = events.map(({ metadata }) => metadata.recordedAt);
    expect(times).toEqual([...times].sort());

    const told = await Promise.all(apis.map(({ url }) => metricOf(url, 'orderlog_append_commands_sum')));
    expect(told.reduce((sum, commands) => sum + commands)).toBe(1 + WRITERS * COMMANDS_EACH);
    const conflicts = await Promise.all(
      apis.map(({ url }) => metricOf(url, 'orderlog_append_conflicts_total')),
    );
    expect(conflicts.reduce((sum, each) => sum + each)).toBeGreaterThan(0);
  });

  it('that all want the last mug get it once', async () => {
    const orderId = await placed();
    const lineId = (await stored(orderId)).flatMap((event) =>
      event.type === 'OrderPlaced' ? event.data.lines.map((line) => line.lineId) : [],
    )[0];
    const body = { lines: [{ lineId, quantity: 2 }] };
    const answers = await Promise.all(
      Array.from({ length: WRITERS }, (_, n) =>
        persistently(apis[n % PROCESSES]!, `/v1/orders/${orderId}/lines/cancel`, { body, key: randomUUID() }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 422]));
    expect((await stored(orderId)).filter(({ type }) => type === 'LinesCancelled')).toHaveLength(1);
  });
});
