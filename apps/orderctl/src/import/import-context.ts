import type { ApiClient } from '../support/api-client.js';
import type { Progress } from './progress.js';

/** What every format's import works with. */
export interface ImportContext {
  readonly commandApi: ApiClient;
  readonly queryApi: ApiClient;
  /** Orders in flight. */
  readonly concurrency: number;
  readonly rejectsPath: string;
  /** Where notices go from now on. */
  readonly showProgress: (progress: Progress) => void;
}
