import type { EventStore } from '#event-store/port.js';
import type { Projector, ProjectorState } from './projector.js';

/** Where a projector is, for people and for `orderctl status`. Positions are decimal strings. */
export interface ProjectorStatus {
  readonly projection: string;
  readonly state: ProjectorState;
  readonly generation: number | null;
  /** Whether queries are answered from that generation. */
  readonly active: boolean;
  /** Everything up to here is in the rows. */
  readonly position: string | null;
  /** Of the last event in the store; null when it is empty or away. */
  readonly headPosition: string | null;
  /** Received, not yet written. */
  readonly pendingEvents: number;
  /** How old the news in the rows is; 0 when they have all of it, null when that is not known. */
  readonly lagMs: number | null;
  readonly eventsPerSecond: number;
  readonly rowsPerSecond: number;
  readonly batchesPerSecond: number;
  readonly totals: Readonly<Record<'events' | 'duplicates' | 'filled' | 'rows' | 'batches', number>>;
  readonly lastError: string | null;
}

export async function projectorStatus(
  projector: Projector,
  projection: string,
  eventStore: Pick<EventStore, 'headPosition'>,
): Promise<ProjectorStatus> {
  const { progress, state, generation, active, pendingEvents, lastError } = projector;
  const head = await eventStore.headPosition().catch(() => null); // away: the status says so by `state`
  return {
    projection,
    state,
    generation: generation?.id ?? null,
    active,
    position: progress.position?.toString() ?? null,
    headPosition: head?.toString() ?? null,
    pendingEvents,
    lagMs: lagMs(projector, head),
    ...progress.rates(),
    totals: { ...progress.totals },
    lastError,
  };
}

function lagMs({ progress, state }: Projector, head: bigint | null): number | null {
  if (state === 'standby') return null; // another one writes
  if (head === null) return state === 'live' ? 0 : null;
  if ((progress.position ?? -1n) >= head) return 0;
  return progress.lastRecordedAt === null
    ? null
    : Math.max(0, Date.now() - Date.parse(progress.lastRecordedAt));
}
