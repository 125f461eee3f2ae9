import type { OrderlogClient } from '#client/orderlog-client.js';
import type { Progress } from '../support/progress.js';

/** What the imports of all formats share. */
export interface ImportContext {
  readonly client: OrderlogClient;
  /** How many orders are in flight at once. */
  readonly concurrency: number;
  readonly rejectsPath: string;
  /** Makes later notices go to this progress display. */
  readonly showProgress: (progress: Progress) => void;
}
