import { Registry } from 'prom-client';
import { eventCodec } from '#event-store/codec.js';
import { OrderLoader } from '#event-store/order-loader.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import type { ExactEventStore } from '#event-store/port.js';
import { openSnapshots } from '#event-store/snapshots/open-snapshots.js';
import { OrderSnapshots } from '#event-store/snapshots/order-snapshots.js';
import { StateCache } from '#event-store/state-cache.js';
import type { Logger } from '#platform/logging.js';
import { AppendMetrics } from './append-metrics.js';
import { measureCache } from './cache-metrics.js';
import { OrderCommands } from './handling/order-commands.js';
import type { LoadingSettings } from './settings.js';
import { SnapshotMetrics } from './snapshot-metrics.js';

export interface OpenCommandHandling {
  readonly commands: OrderCommands;
  readonly metrics: Registry;
  /** Drops all cached state of orders, so that it is read again. */
  forget(): void;
  close(): Promise<void>;
}

/** The handler of all commands with its cache and snapshots, and the metrics of all three. */
export function openCommandHandling(
  eventStore: ExactEventStore,
  { snapshotEveryEvents, snapshotCheckOneIn, stateCacheMb }: LoadingSettings,
  logger: Logger,
): OpenCommandHandling {
  const codec = eventCodec(plainPersonal);
  const cache = new StateCache({ maxSizeBytes: stateCacheMb * 1024 * 1024 });
  const metrics = new Registry();
  const observer = new SnapshotMetrics(metrics, logger);
  measureCache(metrics, cache);
  const store = openSnapshots(eventStore, codec.personal);
  const snapshots =
    snapshotEveryEvents === 0
      ? null
      : new OrderSnapshots({ store, everyEvents: snapshotEveryEvents, observer });
  const loader = new OrderLoader({ eventStore, codec, cache, snapshots, checkOneIn: snapshotCheckOneIn });
  const commands = new OrderCommands(eventStore, { codec, loader, observer: new AppendMetrics(metrics) });
  return { commands, metrics, forget: () => commands.forget(), close: () => loader.close() };
}
