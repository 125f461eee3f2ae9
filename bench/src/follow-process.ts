import { once } from 'node:events';
import { createLogger } from '#platform/logging.js';
import { SearchFollower } from '#projections/search/search-follower.js';
import type { Generation } from '#read-models/generations/generation.js';
import { benchClient } from './search-engine.js';

/** The message to this process once it is ready. */
export interface FollowRequest {
  readonly postgresUrl: string;
  readonly generation: Generation;
  /** Number of rows in the generation. */
  readonly count: number;
  /** Whether the index is not searched yet. */
  readonly inBulk: boolean;
}

const LOOK_EVERY_MS = 2;

/**
 * Follows the rows of a generation into its index, in a separate process as a projector or `orderctl replay` does.
 */
async function run({ postgresUrl, generation, count, inBulk }: FollowRequest): Promise<void> {
  const client = benchClient();
  const follower = new SearchFollower({
    ...{ client, postgresUrl, generation: async () => generation },
    logger: createLogger('bench', 'silent'),
    inBulk,
  });
  const stop = new AbortController();
  const ended = follower.run(stop.signal);
  while (follower.totals.documents < count || follower.state !== 'live') {
    await new Promise((later) => setTimeout(later, LOOK_EVERY_MS));
    if (follower.lastError !== null) throw new Error(`the follower waits: ${follower.lastError}`);
  }
  process.send!('done');
  stop.abort();
  await ended;
  await client.close();
}

const asked = once(process, 'message') as Promise<[FollowRequest]>;
process.send!('ready');
const [request] = await asked;
await run(request);
process.disconnect();
