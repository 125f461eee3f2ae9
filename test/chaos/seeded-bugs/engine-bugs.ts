import type { TestedBug } from './failed-tests.js';

const INDEX_WRITER = 'libs/read-models/src/search/elasticsearch/index-writer.ts';
const TOPIC_WRITER = 'libs/projections/src/relay/topic-writer.ts';

const steps = { project: 'integration', file: 'test/contract/projections/search-steps.test.ts' } as const;
const lostRows = {
  project: 'integration',
  file: 'test/contract/projections/index-of-lost-rows.test.ts',
} as const;
const relay = { project: 'real', file: 'test/real/relay.test.ts' } as const;

/** Mistakes that could be in the writing of the index. Only Elasticsearch compares versions. */
export const indexBugs: readonly TestedBug[] = [
  {
    name: 'how far the index is, told before it has acknowledged the documents',
    changes: [
      {
        file: 'libs/projections/src/search/followed-steps.ts',
        from: 'const refused = await written;',
        to: `await this.#writer.mark(reached);
    await this.#store.advance(this.#token, reached, [], []);
    const refused = await written;`,
      },
    ],
    ...steps,
    test: 'a step of the search index is told in neither store while its documents are not acknowledged',
  },
  {
    name: 'how far the index is, told before an earlier step is acknowledged',
    changes: [
      {
        file: 'libs/projections/src/search/search-follower.ts',
        from: 'await settling;\n        settling = this.#settle(step, steps, refresh);',
        to: 'settling = this.#settle(step, steps, refresh);',
      },
    ],
    ...steps,
    test: 'a step of the search index is told in neither store while one before it is not acknowledged',
  },
  {
    name: 'documents without a version',
    changes: [
      {
        file: INDEX_WRITER,
        from: "{ _id: id, version, version_type: 'external_gte' };",
        to: '{ _id: id };',
      },
    ],
    ...steps,
    test: 'a step of the search index of an owner that stood still before its flush changes nothing that is newer',
  },
  {
    name: 'an index of rows that a restored database has no longer, told by their numbers alone',
    changes: [
      {
        file: 'libs/projections/src/search/search-follower.ts',
        from: 'isAhead(last) || !(await store.isOfTheseRows(last))',
        to: 'isAhead(last)',
      },
    ],
    ...lostRows,
    test: 'an index, and the history of the rows that it was filled from is replaced where the database was restored to the middle of a replay, which went on',
  },
  {
    name: 'a token of a search that covers less than the search shows',
    changes: [
      {
        file: 'libs/read-models/src/search/elasticsearch/search-answer.ts',
        from: 'shownThrough: shownThrough < 0n ? null : shownThrough,',
        to: 'shownThrough: reached?.position ?? null,',
      },
    ],
    ...steps,
    test: 'a step of the search index may be found before it is told, and then a search says how new what it shows may be',
  },
  {
    name: 'a marker that an owner of before takes back',
    changes: [{ file: INDEX_WRITER, from: "...{ version, version_type: 'external_gte' },", to: '' }],
    ...steps,
    test: 'a step of the search index of an owner that stood still before its flush changes nothing that is newer',
  },
];

/**
 * Mistakes that could be in the writing of the topic. Only Kafka tells which messages it has, and in which order.
 */
export const topicBugs: readonly TestedBug[] = [
  {
    name: 'events of an order in several partitions',
    changes: [
      {
        file: TOPIC_WRITER,
        from: 'const partitionOf = Partitioners.DefaultPartitioner();',
        to: `let next = 0;
    const partitionOf: ReturnType<ICustomPartitioner> = ({ partitionMetadata }) => next++ % partitionMetadata.length;`,
      },
    ],
    ...relay,
    test: 'the relay sends every event of a shop, in order per order',
  },
  {
    name: 'the second half of what is too large together, sent first',
    changes: [
      {
        file: TOPIC_WRITER,
        from: `await this.#sendOrSplit(request.slice(0, half), refused);
      await this.#sendOrSplit(request.slice(half), refused);`,
        to: `await this.#sendOrSplit(request.slice(half), refused);
      await this.#sendOrSplit(request.slice(0, half), refused);`,
      },
    ],
    ...relay,
    test: 'the relay splits what is too large together',
  },
  {
    name: 'a producer that goes on after a request without an answer',
    changes: [
      {
        file: TOPIC_WRITER,
        from: 'await this.close().catch(() => {}); // this producer is of no use any more\n',
        to: '',
      },
    ],
    ...{ project: 'real', file: 'test/real/topic-writer.test.ts' },
    test: 'the writer of a topic does not send what follows an unanswered request',
  },
];
