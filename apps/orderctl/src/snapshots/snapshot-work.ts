import { judgeSnapshot } from '#event-store/snapshots/judge-snapshot.js';
import { eachOrder, type Counted, type Outcome, type SnapshotWork } from './each-order.js';
import { longOrders, ordersWithSnapshot } from './orders-of-store.js';

/** Command-api may write a snapshot at the same time; the next attempt then judges that snapshot. */
const ATTEMPTS_MAX = 5;

/** Compares every snapshot with a fold of its order's events. `stale` snapshots are those of another release. */
export async function verifySnapshots(work: SnapshotWork): Promise<Counted> {
  const orders = await ordersWithSnapshot(work);
  return eachOrder(orders, work, async (stream): Promise<Outcome> => {
    const verdict = await judgeSnapshot(stream, await work.snapshots.latest(stream), work.streams);
    const outcome = verdict.kind;
    if (outcome === 'right' || outcome === 'absent' || outcome === 'stale') return { outcome };
    if (outcome !== 'different') return { outcome, finding: `the snapshot is ${outcome}, and is not used` };
    const { revision, parts } = verdict;
    return {
      outcome,
      finding: `the snapshot at revision ${revision} differs from the events in ${parts.join(', ')}`,
    };
  });
}

/**
 * Gives every order of at least `minEvents` events a right snapshot that lacks fewer than `minEvents` of its
 * events. Of a shorter order, it replaces a snapshot that is there and not right.
 */
export async function rebuildSnapshots(work: SnapshotWork, minEvents: number): Promise<Counted> {
  const long = new Set(await longOrders(work, minEvents));
  const orders = new Set([...long, ...(await ordersWithSnapshot(work))]);
  return eachOrder([...orders], work, async (stream): Promise<Outcome> => {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const latest = await work.snapshots.latest(stream);
      const verdict = await judgeSnapshot(stream, latest, work.streams);
      if (verdict.kind === 'absent' && !long.has(stream)) return { outcome: 'too short' };
      const known = verdict.kind === 'right' ? verdict.folded : { order: null, position: null };
      const { order } = await work.streams.foldOn(stream, known);
      if (order === null) return { outcome: 'unreadable', finding: 'the order has no events any more' };
      if (known.order !== null && order.revision - known.order.revision < minEvents)
        return { outcome: 'right' };
      const written = await work.snapshots.write(stream, order, latest.streamRevision);
      if (written.kind === 'too_large') return { outcome: 'too large' };
      if (written.kind === 'written') return { outcome: 'written' };
      if (latest.streamRevision === null && written.actualRevision !== null) {
        // All snapshots were dropped. Revisions of the stream go on from the dropped ones.
        const again = await work.snapshots.write(stream, order, written.actualRevision);
        if (again.kind === 'written') return { outcome: 'written' };
      }
    }
    return {
      outcome: 'left',
      finding: 'other processes keep writing its snapshots: run the same command again',
    };
  });
}

/** Hides every snapshot. Orders are folded from their events until new snapshots are written. */
export async function dropSnapshots(work: SnapshotWork): Promise<Counted> {
  const orders = await ordersWithSnapshot(work);
  return eachOrder(orders, work, async (stream): Promise<Outcome> => {
    const { streamRevision } = await work.snapshots.latest(stream);
    if (streamRevision === null) return { outcome: 'absent' };
    await work.snapshots.drop(stream);
    return { outcome: 'dropped' };
  });
}
