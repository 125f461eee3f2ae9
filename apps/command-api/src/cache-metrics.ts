import { Gauge, type Registry } from 'prom-client';
import type { StateCache } from '#event-store/state-cache.js';

/** Measures the state cache, for `/metrics`. */
export function measureCache(registry: Registry, cache: StateCache): void {
  const gauge = (name: string, help: string, value: () => number) => {
    const metric: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      collect: () => metric.set(value()),
    });
  };
  gauge(
    'orderlog_state_cache_bytes',
    'Estimated memory that the states of cached orders take.',
    () => cache.estimatedSizeBytes,
  );
  gauge('orderlog_state_cache_orders', 'Orders whose state is cached.', () => cache.count);
}
