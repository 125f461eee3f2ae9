import { Counter, Gauge, Registry } from 'prom-client';
import type { CommonStatus } from './common-status.js';
import { restartCauses, type ProjectionState } from '../engine/projection-engine.js';
import type { ProjectionStatuses } from './projection-statuses.js';

const STATES: readonly ProjectionState[] = [
  'starting',
  'standby',
  'catching_up',
  'live',
  'waiting',
  'failing',
];
const LABELS = ['projection', 'generation'] as const;

type Value = readonly [labels: Readonly<Record<string, string>>, value: number | null];

/** Statuses as metrics of Prometheus; what is not known has no metric. Times are in seconds. */
export function projectionMetrics({ projections, relay }: ProjectionStatuses): Registry {
  const register = new Registry();
  const all: CommonStatus[] = [...projections, ...(relay === null ? [] : [relay])];
  const gauge = (name: string, help: string, labels: readonly string[], values: readonly Value[]) => {
    const metric = new Gauge({
      name: `orderlog_projection_${name}`,
      help,
      labelNames: labels,
      registers: [register],
    });
    for (const [of, value] of values) if (value !== null) metric.set(of, value);
  };
  const each = (value: (status: CommonStatus) => number | null): Value[] =>
    all.map((status) => [labelsOf(status), value(status)]);
  gauge(
    'state',
    '1 for the state that the projection is in, in this process; 0 for the other states.',
    [...LABELS, 'state'],
    all.flatMap((status) =>
      STATES.map((state): Value => [{ ...labelsOf(status), state }, status.state === state ? 1 : 0]),
    ),
  );
  gauge(
    'active',
    '1 for the generation that queries are answered from, and for the relay; 0 for other generations.',
    LABELS,
    each(({ active }) => (active ? 1 : 0)),
  );
  gauge(
    'position',
    'Position up to which all events are applied, or parked.',
    LABELS,
    each(({ position }) => (position === null ? null : Number(position))),
  );
  gauge(
    'lag_events',
    'Positions between the projection and the head of the event store; on the embedded store, each is an event.',
    LABELS,
    each(({ lag }) => (lag === null ? null : Number(lag))),
  );
  gauge(
    'lag_seconds',
    'How long the projection has been behind; 0 when it lacks nothing.',
    LABELS,
    each(({ lagMs }) => (lagMs === null ? null : lagMs / 1_000)),
  );
  gauge(
    'down_seconds',
    'How long the projection has neither run nor stood by, or has kept failing without writing anything.',
    LABELS,
    each(({ downMs }) => downMs / 1_000),
  );
  const parked = each((status) => status.parked?.orders ?? null);
  gauge('parked_orders', 'Orders that wait in quarantine.', LABELS, parked);
  gauge(
    'parked_order_seconds',
    'How long an order has been parked, for the orders parked longest.',
    [...LABELS, 'tenant', 'order'],
    all.flatMap((status) =>
      (status.parked?.oldest ?? []).map(({ tenantId, orderId, parkedAt }): Value => {
        const seconds = Math.max(0, (Date.now() - Date.parse(parkedAt)) / 1_000);
        return [{ ...labelsOf(status), tenant: tenantId, order: orderId }, seconds];
      }),
    ),
  );
  addCounters(register, all);
  return register;
}

function addCounters(register: Registry, all: readonly CommonStatus[]): void {
  const restarts = new Counter({
    name: 'orderlog_projection_restarts_total',
    help: 'How often the projection began again from its checkpoint since this process started, by cause.',
    labelNames: [...LABELS, 'cause'],
    registers: [register],
  });
  const done = new Counter({
    name: 'orderlog_projection_done_total',
    help: 'How much the projection has done since this process started, by what is counted.',
    labelNames: [...LABELS, 'what'],
    registers: [register],
  });
  for (const status of all) {
    for (const cause of restartCauses) restarts.inc({ ...labelsOf(status), cause }, status.restarts[cause]);
    for (const [what, count] of Object.entries(status.totals)) done.inc({ ...labelsOf(status), what }, count);
  }
}

function labelsOf({ projection, generation }: CommonStatus): Record<(typeof LABELS)[number], string> {
  return { projection, generation: String(generation ?? 'none') };
}
