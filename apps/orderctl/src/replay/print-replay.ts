import { count, counted } from '#platform/counted.js';
import type { Replayed } from '#projections/replay/replay.js';
import { duration } from '../support/progress.js';
import type { ReplayPlan } from './replay-plan.js';

/** What is told of a finished replay. */
export function reportOf({
  generation,
  previous,
  verified,
  dropped,
  replay: { events, seconds, id },
}: Replayed) {
  return { replay: id, generation: generation.id, previous, dropped, events, seconds, verified };
}

export function printReplayed(replayed: Replayed): void {
  const { generation, previous, dropped, events, seconds, verified } = reportOf(replayed);
  const worked = Object.entries(seconds).map(([phase, of]) => `${phase.replace('_', ' ')} ${duration(of)}`);
  console.log(`${counted(events, 'event')} built into generation ${generation} (${worked.join(', ')})`);
  if (verified !== null) {
    const unread =
      verified.unread.length === 0 ? '' : `, but ${counted(verified.unread.length, 'stream')} cannot be read`;
    const chosen = verified.sampled ? ', chosen at random,' : '';
    console.log(
      `${counted(verified.orders, 'order')}${chosen} compared with ${counted(verified.events, 'event')}: no difference${unread}`,
    );
  }
  console.log(
    previous === null
      ? `queries are answered from generation ${generation}`
      : `queries are answered from generation ${generation}, no longer ${previous}: \`orderctl generations rollback\` goes back`,
  );
  if (dropped.length > 0) console.log(`dropped: generation ${dropped.join(', ')}`);
}

interface PlannedWith {
  readonly throttle?: number | false;
  readonly searchOnly?: boolean;
  /** How many orders are verified; null: all of them. */
  readonly sample: number | null;
}

export function printPlan(plan: ReplayPlan, { throttle, searchOnly, sample }: PlannedWith): void {
  const { active, positions, events, orders, tableBytes, indexBytes, seconds, dropped } = plan;
  const log = `${counted(events, 'event')} of ${counted(orders, 'order')}, in a log of ${counted(positions, 'position')}`;
  console.log(
    `reads         ${searchOnly ? `the rows of generation ${active}: ${counted(orders, 'order')}` : log}`,
  );
  console.log(
    `writes        ${searchOnly ? 'an index' : `${megabytes(tableBytes)} of tables`} beside generation ${active}`,
  );
  if (indexBytes !== null) console.log(`index         ${megabytes(indexBytes)}`);
  console.log(`verifies      ${sample === null ? 'all orders' : counted(Math.min(sample, orders), 'order')}`);
  const slowest = throttle ? throttledCount(plan, sample) / throttle : 0;
  console.log(
    `takes         ${seconds === null ? 'not known: no replay has been done yet' : `about ${duration(Math.max(slowest, seconds))}`}`,
  );
  console.log(`drops         ${dropped.length === 0 ? 'nothing' : `generation ${dropped.join(', ')}`}`);
  console.log('this was a dry run: nothing was done');
}

/** Everything that counts against the throttle: events and documents. */
function throttledCount({ searchOnly, events, orders, indexBytes }: ReplayPlan, sample: number | null) {
  const compared = Math.min(sample ?? orders, orders);
  const loaded = searchOnly ? 0 : events;
  const log = sample === null ? events : 0;
  const streams = orders === 0 ? 0 : (events * compared) / orders;
  const documents = indexBytes === null ? 0 : orders + compared;
  return loaded + log + streams + documents;
}

function megabytes(bytes: number): string {
  return `${count(Math.ceil(bytes / 1_000_000))} MB`;
}
