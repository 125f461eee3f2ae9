import type { EventStore } from '#event-store/port.js';
import { percentile, runLane, type Row } from '../measure.js';
import { importFile } from '../imported-file.js';
import { untilPositionVisible } from '../settle.js';
import type { System } from '../system.js';
import { searchTexts } from '../workload.js';

const SEARCHES = 600;
const TARGET_P95_MS = 50;
const FACETS = [
  'status',
  'paymentStatus',
  'fulfilmentStatus',
  'returnStatus',
  'country',
  'month',
  'currency',
];

/** Searching imported orders one at a time: words, some misspelt, with filters and all facets. */
export async function search(system: System, store: EventStore, file: string | null): Promise<Row> {
  await importFile(system, file);
  await untilPositionVisible(system, store);
  const texts = searchTexts();
  const lane = await runLane(SEARCHES, 1, async (i) => {
    const filters = {
      ...(i % 3 === 1 && { country: ['GB'] }),
      ...(i % 4 === 2 && { status: ['completed'] }),
    };
    const body = { text: texts[i % texts.length], filters, facets: FACETS, limit: 20 };
    const response = await system.queries.request({
      path: '/v1/orders/search',
      method: 'POST',
      headers: { authorization: `Bearer ${system.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(i % 5 === 0 ? { ...body, sort: '-placedAt' } : body),
    });
    const text = await response.body.text();
    if (response.statusCode !== 200) throw new Error(`search answered ${response.statusCode}: ${text}`);
  });
  return {
    name: 'search',
    ratio: null,
    ratios: null,
    target: TARGET_P95_MS,
    perSecond: lane.perSecond,
    rawPerSecond: null,
    cpuMicrosPerOp: lane.cpuMicrosPerOp,
    p50Ms: percentile(lane.latenciesMs, 0.5),
    p95Ms: percentile(lane.latenciesMs, 0.95),
    p99Ms: percentile(lane.latenciesMs, 0.99),
  };
}
