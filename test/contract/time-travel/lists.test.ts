import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { decode } from '#event-store/codec.js';
import type { RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { CheckpointWatcher } from '#read-models/checkpoint-watcher.js';
import { WatchedGeneration } from '#read-models/readers/active-generation.js';
import { ReadModels } from '#read-models/readers/read-models.js';
import { FoldedOrders } from '../../support/folded-orders.js';
import { ProjectionBench, type RunningProjector } from '../../support/projections.js';
import { compare } from './comparing.js';
import { history, writeHistories } from './histories.js';
import { question } from './questions.js';

jest.setTimeout(300_000);

const RUNS = 8;
const ORDERS = 25;
const QUESTIONS = 60;

describe('lists as of a moment', () => {
  let bench: ProjectionBench;
  let running: RunningProjector;
  let watcher: CheckpointWatcher;
  let models: ReadModels;
  let runs = 0;
  beforeAll(async () => {
    bench = await ProjectionBench.open();
    running = bench.start();
    watcher = new CheckpointWatcher({ connectionString: bench.postgresUrl });
    await watcher.start();
    models = new ReadModels(bench.pool, new WatchedGeneration(watcher, bench.pool));
  });
  afterAll(async () => {
    await watcher.close();
    await bench.close();
  });

  async function fold(streams: readonly string[]): Promise<FoldedOrders> {
    const stories: StoredOrderEvent[][] = [];
    for (const stream of streams) {
      const events: RawEvent[] = [];
      for await (const event of bench.eventStore.readStream(stream)) events.push(event);
      stories.push([...(await decode(events))]);
    }
    return new FoldedOrders(stories);
  }

  it('are what folding every stream to that moment gives: pages, facets, totals, exports, diffs', async () => {
    let shown = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(history, { minLength: ORDERS, maxLength: ORDERS }),
        fc.array(question, { minLength: QUESTIONS, maxLength: QUESTIONS }),
        async (histories, questions) => {
          const tenantId = `t${++runs}`;
          const streams = await writeHistories(bench.eventStore, tenantId, histories);
          await bench.caughtUp(running);
          const folded = await fold(streams);
          for (const asked of questions) shown += await compare(models, tenantId, folded, asked);
        },
      ),
      // Shrinking writes histories again and again: the seed that is printed tells what to look at.
      { numRuns: RUNS, endOnFailure: true },
    );
    // Questions that find nothing prove nothing.
    expect(shown).toBeGreaterThan(RUNS * QUESTIONS);
  });
});
