import type { TestedBug } from './failed-tests.js';

const HANDLING = 'apps/command-api/src/handling';
const REQUEST = 'apps/command-api/src/request';
const CONTRACT = 'test/contract/command-handling';

const commands = { project: 'unit', file: `${HANDLING}/order-commands.spec.ts` } as const;
const matrix = { project: 'integration', file: `${CONTRACT}/replay-matrix.test.ts` } as const;
const unknown = { project: 'integration', file: `${CONTRACT}/unknown-outcomes.test.ts` } as const;
const handling = { project: 'integration', file: `${CONTRACT}/order-commands.test.ts` } as const;

/** Mistakes that could be in the handling of commands. */
export const commandBugs: readonly TestedBug[] = [
  {
    name: 'an append without the revision it was decided on',
    changes: [
      {
        file: 'libs/event-store/src/append-connection.ts',
        from: '{ expectedRevision, deadline: SENT_DEADLINE_MS }',
        to: '{ deadline: SENT_DEADLINE_MS }',
      },
    ],
    ...handling,
    test: 'a command is decided on what others made of the order meanwhile',
  },
  {
    name: 'an append at any revision of an order that is there',
    changes: [
      {
        file: 'libs/event-store/src/appender.ts',
        from: `expected === 'no_stream' ? expected : BigInt(expected)`,
        to: `expected === 'no_stream' ? expected : ('any' as unknown as bigint)`,
      },
    ],
    ...handling,
    test: 'If-Match holds for what the store has now, not for what is cached',
  },
  {
    name: 'a rejection decided on cached state, and answered',
    changes: [
      {
        file: `${HANDLING}/order-commands.ts`,
        from: 'else if (isFresh) answering.answerAsDecided(null);',
        to: 'else if (isFresh || known.order !== null) answering.answerAsDecided(null);',
      },
    ],
    ...commands,
    test: 'the event store is asked for the tail before a rejection or a no-op decided on cached state is answered',
  },
  {
    name: 'events of unknown outcome sent again under new ids, at the end of the stream',
    changes: [
      {
        file: 'libs/event-store/src/certain-append.ts',
        from: `      return await this.#eventStore.append(stream, events, expected);
    } catch (error) {
      if (error instanceof WrongExpectedRevision) return this`,
        to: `      let head = expected;
      for await (const { revision } of this.#eventStore.readStream(stream)) head = revision;
      const anew = events.map((event) => ({ ...event, eventId: crypto.randomUUID() }));
      return await this.#eventStore.append(stream, anew, head);
    } catch (error) {
      if (error instanceof WrongExpectedRevision) return this`,
      },
    ],
    ...unknown,
    test: 'a command whose append gets no answer is found out before the client hears anything: the connection is lost with the answer',
  },
  {
    name: 'an unknown outcome that is told as if nothing was sent',
    changes: [
      {
        file: 'libs/event-store/src/certain-append.ts',
        from: 'throw new AppendOutcomeUnknown(',
        to: 'throw new StoreUnavailable(',
      },
    ],
    ...unknown,
    test: 'a command of which it cannot be found out is a 503 that says so; it was done, and sent again it is a replay',
  },
  {
    name: 'a window that holds one command less',
    changes: [
      {
        file: 'libs/domain/src/order/handled.ts',
        from: 'keepFrom < count - always &&',
        to: 'keepFrom <= count - always &&',
      },
    ],
    ...{ project: 'unit', file: 'libs/domain/src/order/handled.spec.ts' },
    test: 'a window of two, or four within ten seconds holds the placing command and the last two, however old',
  },
  {
    name: 'a receipt of returned goods that is forgotten as handled',
    changes: [
      {
        file: 'libs/domain/src/order/order.ts',
        from: '{ kept: addsUp.has(event.type), window }',
        to: '{ kept: addsUp.size > 1, window }',
      },
    ],
    ...{ project: 'integration', file: `${CONTRACT}/replay-past-window.test.ts` },
    test: 'a key past the window of its order repeats nothing of any command',
  },
  {
    name: 'a snapshot of the state before the append, under the revision after it',
    changes: [
      {
        file: 'libs/event-store/src/order-loader.ts',
        from: '    this.#cache.set(stream, loaded);\n    this.#snapshots?.appended(stream, loaded.order, eventCount);',
        to: `    const { handled, revision, lastRecordedAt } = loaded.order;
    const before = this.#cache.get(stream)?.order ?? loaded.order;
    this.#cache.set(stream, loaded);
    const wrong = { ...before, handled, revision, lastRecordedAt };
    this.#snapshots?.appended(stream, wrong, eventCount);`,
      },
    ],
    ...{ project: 'integration', file: 'test/contract/snapshots/loading.test.ts' },
    test: 'I7, on a real store a cold load is the full fold after every command of random histories',
  },
  {
    name: 'a snapshot of another order that is not told from its own',
    changes: [
      {
        file: 'libs/event-store/src/snapshots/snapshot-codec.ts',
        from: 'if (metadata.tenantId !== owner?.tenantId || metadata.orderId !== owner.orderId) return',
        to: 'if (metadata.tenantId !== owner?.tenantId) return',
      },
      {
        file: 'libs/event-store/src/snapshots/snapshot-codec.ts',
        from: `order.tenantId === owner.tenantId && order.orderId === owner.orderId ? order : 'foreign'`,
        to: `order.tenantId === owner.tenantId ? order : 'foreign'`,
      },
    ],
    ...{ project: 'unit', file: 'libs/event-store/src/snapshots/snapshot-codec.spec.ts' },
    test: 'a snapshot that is not to be used is foreign when it is of another order or another tenant, whoever says so',
  },
  {
    name: 'a queue of all orders together',
    changes: [
      {
        file: `${HANDLING}/order-queues.ts`,
        from: 'const queue = this.#queues.get(stream);',
        to: 'const queue = [...this.#queues.values()].at(-1);',
      },
    ],
    ...{ project: 'unit', file: `${HANDLING}/order-queues.spec.ts` },
    test: 'the queue of an order keeps other orders going',
  },
  {
    name: 'a no to one command, told before what it was decided on is stored',
    changes: [
      {
        file: `${HANDLING}/answering.ts`,
        from: `(verdict?.kind === 'refused' && verdict.isFinal)`,
        to: `verdict?.kind === 'refused'`,
      },
    ],
    ...{ project: 'unit', file: `${HANDLING}/shared-appends.spec.ts` },
    test: 'a refusal that was decided on events not stored yet is not answered before they are stored',
  },
  {
    name: 'another body under a known key, answered as if it were the same',
    changes: [
      {
        file: `${HANDLING}/decide-request.ts`,
        from: 'return handled.fingerprint === fingerprint',
        to: `return fingerprint !== ''`,
      },
    ],
    ...matrix,
    test: 'every command, sent again under its key is refused with another body',
  },
  {
    name: 'ids that do not come from the command',
    changes: [
      {
        file: `${HANDLING}/decide-request.ts`,
        from: 'uuidV5(String(index), commandId)',
        to: 'uuidV5(String(index + Math.random()), commandId)',
      },
    ],
    ...commands,
    test: 'ids of what a command creates follow from the command alone',
  },
  {
    name: 'an order placed under an id of chance',
    changes: [
      {
        file: 'apps/command-api/src/dispatch/order-dispatcher.ts',
        from: 'const orderId = placedOrderIdOf(commandId);',
        to: 'const orderId = randomUUID() || placedOrderIdOf(commandId);',
      },
    ],
    ...{ project: 'integration', file: `${CONTRACT}/replay-at-once.test.ts` },
    test: '100 identical requests at once, over 4 processes to place an order',
  },
  {
    name: 'If-Match looked at before the key',
    changes: [
      {
        file: `${HANDLING}/decide-request.ts`,
        from: "const handled = mode === 'remembered' ?",
        to: "const handled = mode === 'remembered' && (ifMatch === null || ifMatch === order.revision) ?",
      },
    ],
    ...handling,
    test: 'a repeated request is answered before If-Match is looked at',
  },
  {
    name: 'a repetition answered with the revision of today',
    changes: [
      {
        file: `${HANDLING}/command-result.ts`,
        from: 'const revision = handled.at(-1)?.revision ?? order.revision;',
        to: 'const revision = order.revision;',
      },
    ],
    ...matrix,
    test: 'every command, sent again under its key is answered the same by another instance',
  },
  {
    name: 'two customers whose keys are the same command',
    changes: [
      {
        file: `${REQUEST}/idempotency.ts`,
        from: `[tenantId, customerId ?? '', clientId, method, path, key]`,
        to: '[tenantId, clientId, method, path, key || customerId]',
      },
    ],
    ...{ project: 'integration', file: `${CONTRACT}/replay-at-once.test.ts` },
    test: 'the same key and body of a customer and of the shop, on one order, are two commands',
  },
];
