import type { Invariant } from '../checker/violations.js';
import type { Fault } from '../faults/fault-plan.js';
import type { Change } from './broken-tree.js';

/** A mistake that could be in the system, and how the checker finds it. */
export interface SeededBug {
  readonly name: string;
  readonly changes: readonly Change[];
  /** The faults that make the bug show; none where it always shows. */
  readonly faults: readonly Fault[];
  /** Whether two of each app have to run. */
  readonly twice?: boolean;
  /** How many commands are done before a round ends; by default the usual number. */
  readonly enough?: number;
  readonly caughtAs: Invariant;
  readonly says: RegExp;
}

/** Limit for workload and faults; a machine that is not busy needs a tenth of it. */
export const BUG_ROUND_MS = 120_000;

/** Only an edit makes more than one event. */
const ENOUGH_OF_EDITS = 300;
/** Of the few requests that clients repeat, most are refused the second time: the order has moved on. */
const ENOUGH_OF_REPETITIONS = 450;

const slow = (target: string, delayMs: number): Fault => ({
  ...{ atMs: 0, kind: 'slow', target },
  ...{ durationMs: BUG_ROUND_MS, amount: delayMs },
});
const at = (atMs: number, kind: Fault['kind'], target: string, durationMs = 0): Fault => ({
  ...{ atMs, kind, target },
  ...{ durationMs, amount: 0 },
});

export const seededBugs: readonly SeededBug[] = [
  {
    name: 'a subscription that loses an event now and then',
    changes: [
      {
        file: 'libs/projections/src/engine/batched-subscription.ts',
        from: 'await this.#buffer.put(message);',
        to: `if (message.kind !== 'event' || message.event.position % 7n !== 0n) await this.#buffer.put(message);`,
      },
    ],
    faults: [],
    caughtAs: 'I8',
    says: /the checkpoint \d+ is past event/,
  },
  {
    name: 'a checkpoint written before the rows',
    changes: [
      {
        file: 'libs/read-models/src/stores/orders.store.ts',
        from: 'const { id } = this.#generation;\n    const position =',
        to: 'if (checkpoint) await this.writeCheckpoint(checkpoint);\n    const { id } = this.#generation;\n    const position =',
      },
    ],
    faults: [slow('projector-a>postgres', 150)],
    caughtAs: 'I8',
    says: /the checkpoint \d+ is past event/,
  },
  {
    name: 'an append that does not look at the revision it was decided on',
    changes: [
      {
        file: 'apps/event-store/src/rules/append.decider.ts',
        from: 'if (expectedRevision === current)',
        to: 'if (expectedRevision <= current)',
      },
    ],
    faults: [slow('command-api-a>event-store', 60)],
    twice: true,
    caughtAs: 'I1',
    says: /was answered with/,
  },
  {
    name: 'an event that is applied twice',
    changes: [
      {
        file: 'libs/projections/src/orders/folded-order.ts',
        from: 'order = foldOrder(order, event);',
        to: `order = foldOrder(order, event);
          if (['NoteAdded', 'PaymentCaptured', 'LineAdded'].includes(event.type)) order = foldOrder(order, event);`,
      },
    ],
    faults: [],
    caughtAs: 'I4',
    says: /row: document is/,
  },
  {
    name: 'a search row that is not written when a batch has others',
    changes: [
      {
        file: 'libs/read-models/src/stores/orders.store.ts',
        from: 'if (searched === null) return;',
        to: 'if (searched === null || this.#searched.length > 0) return;',
      },
    ],
    faults: [slow('projector-a>postgres', 150)],
    caughtAs: 'I4',
    says: /search row/,
  },
  {
    name: 'an event that cannot be read, and is parked nowhere',
    changes: [
      {
        file: 'libs/projections/src/orders/order-writer.ts',
        from: 'await this.#store.write({ checkpoint, parked, unparked });\n      this.#committed(folded);',
        to: 'await this.#store.write({ checkpoint, parked: [], unparked });\n      this.#committed(folded);',
      },
    ],
    faults: [at(3_000, 'unreadable', 'later release'), at(5_000, 'unreadable', 'later release')],
    caughtAs: 'I8',
    says: /the checkpoint \d+ is past event/,
  },
  {
    name: 'events of an order that was parked, and are told to nobody who was past them',
    changes: [
      {
        file: 'libs/read-models/src/stores/statements.ts',
        from: 'WHERE ${told}::bool AND position <=',
        to: 'WHERE false AND ${told}::bool AND position <=',
      },
    ],
    faults: [
      at(3_000, 'unreadable', 'later release'),
      at(4_000, 'unreadable', 'later release'),
      at(8_000, 'skip', 'quarantine'),
      at(9_000, 'skip', 'quarantine'),
    ],
    caughtAs: 'I5',
    says: /event \d+ is not told in the feed/,
  },
  {
    name: 'a flip to a generation that has not caught up',
    changes: [
      {
        file: 'libs/projections/src/replay/verify-and-flip.ts',
        from: 'await markReady(options.pool, generation);',
        to: `await kept.stop();
          await new Promise((done) => setTimeout(done, 3_000));
          await markReady(options.pool, generation);`,
      },
      {
        file: 'libs/read-models/src/generations/try-flip.ts',
        from: 'return smaller(held, storeEndsAt ?? held);',
        to: 'return held < 0n ? smaller(held, storeEndsAt ?? held) : null;',
      },
    ],
    // The slow projector stays behind in the new generation for longer than the time between two samples.
    faults: [slow('projector-a>postgres', 300), at(3_000, 'replay', 'operator', 60_000)],
    caughtAs: 'I9',
    says: /answers come from position/,
  },
  {
    name: 'a token that no read waits for',
    changes: [
      {
        file: 'apps/query-api/src/reads/freshness.ts',
        from: 'const reached = await this.#watcher.reached(projection, position.position, this.#waitLimitMs);',
        to: 'const reached = projection.length > 0;',
      },
    ],
    faults: [slow('projector-a>postgres', 300)],
    caughtAs: 'I9',
    says: /was asked for/,
  },
  {
    name: 'a write that is acknowledged before it is durable',
    changes: [
      {
        file: 'apps/event-store/src/storage/writer-session.ts',
        from: 'synchronous_commit=on',
        to: 'synchronous_commit=off',
      },
    ],
    faults: [at(3_000, 'postgres-crash', 'postgres'), at(6_500, 'postgres-crash', 'postgres')],
    caughtAs: 'I1',
    says: /but the stream ends at|and left nothing/,
  },
  {
    name: 'a command that is done again when it is repeated',
    changes: [
      {
        file: 'libs/domain/src/order/handled.ts',
        from: 'handled.find((one) => one.commandId === commandId)',
        to: 'handled.find((one) => one.revision < 0 && one.commandId === commandId)',
      },
      {
        file: 'apps/command-api/src/handling/decide-request.ts',
        from: 'newId: (index) => uuidV5(String(index), commandId),',
        to: 'newId: (index) => uuidV5(String(index) + now, commandId),',
      },
    ],
    faults: [],
    enough: ENOUGH_OF_REPETITIONS,
    caughtAs: 'I1',
    says: /is in its stream more than once|was done \d+ times/,
  },
  {
    name: 'an If-Match that is not looked at',
    changes: [
      {
        file: 'apps/command-api/src/handling/decide-request.ts',
        from: 'if (ifMatch !== null && ifMatch !== order.revision)',
        to: 'if (ifMatch !== null && ifMatch < 0)',
      },
    ],
    faults: [],
    caughtAs: 'I1',
    says: /asked for revision \d+, and was done on revision \d+/,
  },
  {
    name: 'a refusal where nobody knows what became of the command',
    changes: [
      {
        file: 'apps/command-api/src/dispatch/problem-of-command.ts',
        from: `new ProblemError('outcome_unknown'`,
        to: `new ProblemError('conflict_retry_exhausted'`,
      },
    ],
    faults: [
      slow('command-api-a>event-store', 150),
      at(1_500, 'refuse', 'command-api-a>event-store', 2_500),
      at(6_000, 'refuse', 'command-api-a>event-store', 2_500),
    ],
    caughtAs: 'I2',
    says: /was refused in each of \d+ attempts, but left/,
  },
  {
    name: 'a decision of which not every event is stored',
    changes: [
      {
        file: 'apps/command-api/src/handling/order-commands.ts',
        from: 'this.#certain.append(stream, batch.events,',
        to: 'this.#certain.append(stream, batch.events.length > 1 ? batch.events.slice(0, -1) : batch.events,',
      },
    ],
    faults: [],
    enough: ENOUGH_OF_EDITS,
    caughtAs: 'I3',
    says: /is not what is decided/,
  },
];
