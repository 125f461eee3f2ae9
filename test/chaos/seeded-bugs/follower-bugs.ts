import type { TestedBug } from './failed-tests.js';

const PROJECTIONS = 'libs/projections/src';
const SENDING = `${PROJECTIONS}/relay/sending.ts`;
const INDEX_WRITER = 'libs/read-models/src/search/elasticsearch/index-writer';
const CONTRACT = 'test/contract/projections';

const documents = { project: 'unit', file: `${INDEX_WRITER}.spec.ts` } as const;
const quarantine = { project: 'integration', file: `${CONTRACT}/quarantine.test.ts` } as const;
const rows = { project: 'integration', file: `${CONTRACT}/orders-projection.test.ts` } as const;
const sending = { project: 'integration', file: `${CONTRACT}/relay-sending.test.ts` } as const;

/**
 * Mistakes that could be in the followers of the log or of the rows: in the progress that they store, and in what
 * they park. They show without Elasticsearch and Kafka, by how followers behave while these refuse or are away.
 */
export const followerBugs: readonly TestedBug[] = [
  {
    name: 'a document older than the one in the index, taken for refused',
    changes: [
      {
        file: `${INDEX_WRITER}.ts`,
        from: 'return status < 400 || status === NEWER_IS_THERE;',
        to: 'return status < 400;',
      },
    ],
    ...documents,
    test: 'the writer of a search index takes an order for written where the index has a newer document of it',
  },
  {
    name: 'a document that the index refuses, taken for written',
    changes: [
      {
        file: `${INDEX_WRITER}.ts`,
        from: 'else refused.push({ ...left[index]!, reason });',
        to: '',
      },
    ],
    ...documents,
    test: 'the writer of a search index reports the document that is refused, once, and writes the rest',
  },
  {
    name: 'a relay that keeps its position before Kafka has acknowledged',
    changes: [
      {
        file: SENDING,
        from: 'const parked = await this.#sendAll(writer, outgoing);',
        to: `this.position = position;
    await this.#settle();
    const parked = await this.#sendAll(writer, outgoing);`,
      },
    ],
    ...sending,
    test: 'the relay while Kafka is away stays where it was',
  },
  {
    name: 'a relay that does not send again what it has no answer of',
    changes: [
      {
        file: SENDING,
        from: 'const parked = await this.#sendAll(writer, outgoing);',
        to: 'const parked = await this.#sendAll(writer, outgoing).catch(() => []);',
      },
    ],
    ...sending,
    test: 'the relay while Kafka is away stays where it was',
  },
  {
    name: 'a relay whose position is past an event without a message, parked nowhere',
    changes: [{ file: SENDING, from: 'this.#unsettled.push(...parked);', to: '' }],
    ...sending,
    test: 'the relay while Kafka is away parks what has no message',
  },
  {
    name: 'a relay that sends the later events of an order that it has parked',
    changes: [
      {
        file: SENDING,
        from: 'if (this.#parked.has(orderId) || unsendable.has(orderId)) continue;',
        to: 'if (unsendable.has(orderId)) continue;',
      },
    ],
    ...sending,
    test: 'the relay while Kafka is away parks what has no message',
  },
  {
    name: 'a checkpoint past an event that cannot be applied, parked nowhere',
    changes: [
      {
        file: `${PROJECTIONS}/orders/order-writer.ts`,
        from: 'await this.#store.write({ checkpoint, parked, unparked });\n      this.#committed(folded);',
        to: 'await this.#store.write({ checkpoint, parked: [], unparked });\n      this.#committed(folded);',
      },
    ],
    ...quarantine,
    test: 'an order that cannot be taken further is parked at an unknown type',
  },
  {
    name: 'later events of a parked order, applied',
    changes: [
      {
        file: `${PROJECTIONS}/orders/order-advance.ts`,
        from: 'if (stopped !== null) behind.push(',
        to: 'if (stopped !== null && fault !== null) behind.push(',
      },
    ],
    ...quarantine,
    test: 'an order that cannot be taken further is parked at an unknown type',
  },
  {
    name: 'an event that an order has already, applied again',
    changes: [
      {
        file: `${PROJECTIONS}/orders/order-advance.ts`,
        from: 'if (revision <= reached) {',
        to: 'if (revision < 0) {',
      },
    ],
    ...rows,
    test: 'the orders projection skips what it has, and reads from the stream what it was not sent',
  },
  {
    name: 'an event applied behind one that was not sent',
    changes: [
      {
        file: `${PROJECTIONS}/orders/order-advance.ts`,
        from: 'if (stopped === null && revision > reached + 1 && revision !== DELETION_REVISION) {',
        to: 'if (stopped === null && revision < 0) {',
      },
    ],
    ...rows,
    test: 'the orders projection skips what it has, and reads from the stream what it was not sent',
  },
];
