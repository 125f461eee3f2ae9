import type { OrderlogClient } from '#client/orderlog-client.js';
import type { Progress } from './progress.js';

/** What every format's import works with. */
export interface ImportContext {
  readonly client: OrderlogClient;
  /** Orders in flight. */
  readonly concurrency: number;
  readonly rejectsPath: string;
  /** Where notices go from now on. */
  readonly showProgress: (progress: Progress) => void;
}
