import type { Instant } from '#domain/instant.js';
import type { HandledCommand } from '#domain/order/state.js';

const ID_LENGTH = 36;
const FINGERPRINT_LENGTH = 32;
const INSTANT_LENGTH = 24;

/**
 * The commands that an order has handled, as columns: there may be two thousand of them, and half of what they take as
 * a list of objects is the names of their fields. The texts of a column are of one length each, one after another.
 */
export interface HandledColumns {
  readonly commandIds: string;
  readonly fingerprints: string;
  readonly recordedAt: string;
  readonly revisions: readonly number[];
  readonly firstRevisions: readonly number[];
  /** What few of them have besides, by their place. */
  readonly more: readonly (readonly [index: number, more: object])[];
}

/** The list as it is where an id or a fingerprint has another length than all that the API makes. */
export function handledAsColumns(
  handled: readonly HandledCommand[],
): HandledColumns | readonly HandledCommand[] {
  const fits = handled.every(
    ({ commandId, fingerprint, recordedAt }) =>
      commandId.length === ID_LENGTH &&
      fingerprint.length === FINGERPRINT_LENGTH &&
      recordedAt.length === INSTANT_LENGTH,
  );
  if (!fits) return handled;
  return {
    commandIds: handled.map(({ commandId }) => commandId).join(''),
    fingerprints: handled.map(({ fingerprint }) => fingerprint).join(''),
    recordedAt: handled.map(({ recordedAt }) => recordedAt).join(''),
    revisions: handled.map(({ revision }) => revision),
    firstRevisions: handled.map(({ firstRevision }) => firstRevision),
    more: handled.flatMap((command, index) => {
      const more = besides(command);
      return Object.keys(more).length === 0 ? [] : [[index, more] as const];
    }),
  };
}

function besides(command: HandledCommand): object {
  const {
    commandId: _1,
    fingerprint: _2,
    recordedAt: _3,
    revision: _4,
    firstRevision: _5,
    ...more
  } = command;
  return more;
}

/** @throws Error when the columns do not belong together */
export function handledOfColumns(
  stored: HandledColumns | readonly HandledCommand[],
): readonly HandledCommand[] {
  if (isList(stored)) return stored;
  const { commandIds, fingerprints, recordedAt, revisions, firstRevisions } = stored;
  const more = new Map(stored.more);
  const count = revisions.length;
  const whole =
    firstRevisions.length === count &&
    commandIds.length === count * ID_LENGTH &&
    fingerprints.length === count * FINGERPRINT_LENGTH &&
    recordedAt.length === count * INSTANT_LENGTH;
  if (!whole) throw new Error('the columns of the handled commands differ in length');
  return revisions.map((revision, index) => ({
    commandId: part(commandIds, index, ID_LENGTH),
    fingerprint: part(fingerprints, index, FINGERPRINT_LENGTH),
    revision,
    firstRevision: firstRevisions[index]!,
    recordedAt: part(recordedAt, index, INSTANT_LENGTH) as Instant,
    ...more.get(index),
  }));
}

function isList(stored: HandledColumns | readonly HandledCommand[]): stored is readonly HandledCommand[] {
  return Array.isArray(stored);
}

function part(column: string, index: number, length: number): string {
  return column.slice(index * length, (index + 1) * length);
}
