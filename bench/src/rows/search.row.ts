import type { EventStore } from '#event-store/port.js';
import { latencyRow } from '../half-load.js';
import { runLane, type Row } from '../measure.js';
import { importFile } from '../imported-file.js';
import { searchBody } from '../questions.js';
import { untilPositionVisible } from '../settle.js';
import { searchOrders, type System } from '../system.js';

const SEARCHES = 600;
const TARGET_P95_MS = 50;

/** Searches imported orders one at a time, in PostgreSQL: words, some misspelt, with filters and all facets. */
export async function search(system: System, store: EventStore, file: string | null): Promise<Row> {
  await importFile(system, file);
  await untilPositionVisible(system, store);
  const lane = await runLane(SEARCHES, 1, (i) => searchOrders(system, searchBody(i)));
  return latencyRow('search', TARGET_P95_MS, lane, lane.latenciesMs);
}
