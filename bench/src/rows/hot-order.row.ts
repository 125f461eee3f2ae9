import { randomUUID } from 'node:crypto';
import type { EventStore } from '#event-store/port.js';
import { startCommandApi } from '../command-apis.js';
import { interleave, percentile, runLane, WARM_UPS, type Lane, type Row } from '../measure.js';
import { RawOrder, type PreparedAppend } from '../raw-orders.js';
import { untilPositionVisible } from '../settle.js';
import { command, type System } from '../system.js';
import { makeOrder } from '../workload.js';

const WRITERS = 32;
const PROCESSES = 4;
const COMMANDS = 4_000;
const APPENDS = 1_500;
const TARGET_RATIO = 0.8;
/** The p99 of any writer is at most five times the median of all writers. */
const TARGET_FAIRNESS = 1 / 5;

/** A writer that sends one command after another, always through the same process. */
interface Writer {
  readonly through: System;
  readonly latenciesMs: number[];
}

/**
 * 32 writers at one order, through four processes of command-api. They are compared with one writer that appends
 * the same events to one stream, one after another, through the same client. The command leaves the order as large
 * as it was.
 */
export async function hotOrder(system: System, store: EventStore): Promise<readonly Row[]> {
  const others = await Promise.all(Array.from({ length: PROCESSES - 1 }, () => startCommandApi(system)));
  const processes = [system, ...others];
  const writers = Array.from({ length: WRITERS }, (_, index): Writer => {
    return { through: processes[index % PROCESSES]!, latenciesMs: [] };
  });
  try {
    const row = await interleave(
      { name: 'hot-order', target: TARGET_RATIO },
      {
        ours: (repetition) => {
          if (repetition === WARM_UPS) for (const writer of writers) writer.latenciesMs.length = 0;
          return ours(writers, repetition);
        },
        raw: (repetition) => raw(store, repetition),
        settle: () => untilPositionVisible(system, store),
      },
      WARM_UPS,
    );
    return [row, fairness(row, writers)];
  } finally {
    await Promise.all(others.map((other) => other.stop()));
  }
}

async function ours(writers: readonly Writer[], repetition: number): Promise<Lane> {
  const { body: placed } = await command(
    writers[0]!.through,
    '/v1/orders',
    randomUUID(),
    makeOrder(repetition),
  );
  const path = `/v1/orders/${placed.orderId}/stock/reserved`;
  const free = [...writers];
  const revisions = new Set<number>();
  const lane = await runLane(COMMANDS, WRITERS, async (i) => {
    const writer = free.pop()!;
    const from = performance.now();
    const { body } = await command(writer.through, path, randomUUID(), { reference: `reservation ${i}` });
    writer.latenciesMs.push(performance.now() - from);
    revisions.add(body.revision);
    free.push(writer);
  });
  // Each command added one event, at a revision of its own.
  if (revisions.size !== COMMANDS || Math.max(...revisions) !== COMMANDS) {
    throw new Error(`${COMMANDS} commands were answered with ${revisions.size} revisions`);
  }
  return lane;
}

async function raw(store: EventStore, repetition: number): Promise<Lane> {
  const order = new RawOrder();
  const { stream, events, expected } = await order.placed(makeOrder(repetition));
  await store.append(stream, events, expected);
  const appends: PreparedAppend[] = [];
  for (let i = 0; i < APPENDS; i++) {
    appends.push(
      await order.prepare({
        type: 'RecordStockReserved',
        data: { reference: `reservation ${i}`, lines: [] },
        personal: null,
      }),
    );
  }
  return runLane(APPENDS, 1, (i) => {
    const append = appends[i]!;
    return store.append(append.stream, append.events, append.expected);
  });
}

/** The median of all writers over the p99 of the writer that had to wait longest. */
function fairness(row: Row, writers: readonly Writer[]): Row {
  const medianMs = percentile(
    writers.flatMap(({ latenciesMs }) => latenciesMs),
    0.5,
  );
  const p99Ms = Math.max(...writers.map(({ latenciesMs }) => percentile(latenciesMs, 0.99)));
  const fair = { name: 'hot-order / fair', ratio: medianMs / p99Ms, ratios: null, target: TARGET_FAIRNESS };
  return { ...row, ...fair, perSecond: null, rawPerSecond: null, cpuMicrosPerOp: null, p99Ms };
}
