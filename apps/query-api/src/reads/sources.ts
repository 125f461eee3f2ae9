import type { OrderReader } from '#read-models/readers/order.reader.js';
import type { ReadModels } from '#read-models/readers/read-models.js';
import type { ActiveSearch } from '#read-models/search/active-search.js';
import type { TimeTravel } from '../time-travel/time-travel.js';
import type { Freshness } from './freshness.js';

/** Everything that questions are answered from. A class only to be Nest's name for it. */
export abstract class Sources {
  abstract readonly models: ReadModels;
  abstract readonly orders: OrderReader;
  /** The same with connections of their own: an export holds one for as long as its client reads. */
  abstract readonly exports: ReadModels;
  abstract readonly search: ActiveSearch;
  abstract readonly timeTravel: TimeTravel;
  abstract readonly freshness: Freshness;
}
