import type { OrderReader } from '#read-models/readers/order.reader.js';
import type { ReadModels } from '#read-models/readers/read-models.js';
import type { ActiveSearch } from '#read-models/search/active-search.js';
import type { TimeTravel } from '../time-travel/time-travel.js';
import type { Freshness } from './freshness.js';

/** Everything that questions are answered from. It is a class only because Nest injects by class. */
export abstract class Sources {
  abstract readonly models: ReadModels;
  abstract readonly orders: OrderReader;
  /** The same read models with a pool of their own: an export holds a connection for as long as its client reads. */
  abstract readonly exports: ReadModels;
  /** An export whose client takes nothing for so long is ended. */
  abstract readonly exportStalledAfterMs: number;
  abstract readonly search: ActiveSearch;
  abstract readonly timeTravel: TimeTravel;
  abstract readonly freshness: Freshness;
}
