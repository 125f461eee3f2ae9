import type { Instant } from '#domain/instant.js';
import type { HandledCommand } from '#domain/order/state.js';

const ID = '00000000-0000-0000-0000-000000000000';
const ID_OCTETS = 16;
const FINGERPRINT_OCTETS = 16;
const INSTANT_LENGTH = 24;
const REVISION_OCTETS = 4;
const ENTRY_OCTETS = ID_OCTETS + FINGERPRINT_OCTETS + INSTANT_LENGTH + 2 * REVISION_OCTETS;
/** Of a command: those that all of them have. */
const FIELDS_IN_COLUMNS = 5;

/** The commands that an order has handled. */
export interface HandledColumns {
  /**
   * Their ids, fingerprints, instants, revisions and first revisions, a column after the other: there may be two
   * thousand of them, and as a list in JSON they would take nearly three times as much.
   */
  readonly columns: Uint8Array;
  /** What few of them have besides, by their place. */
  readonly more: readonly (readonly [index: number, more: object])[];
}

/** null where an id, a fingerprint or an instant is written unlike all that the API makes. */
export function handledAsColumns(handled: readonly HandledCommand[]): HandledColumns | null {
  const more: [number, object][] = [];
  for (const [index, command] of handled.entries()) {
    if (Object.keys(command).length > FIELDS_IN_COLUMNS) more.push([index, besidesOf(command)]);
  }
  const columns = Buffer.concat([
    octetsOfHex(handled.map(({ commandId }) => commandId).join('')),
    octetsOfHex(handled.map(({ fingerprint }) => fingerprint).join('')),
    Buffer.from(handled.map(({ recordedAt }) => recordedAt).join(''), 'latin1'),
    octetsOfRevisions(handled.map(({ revision }) => revision)),
    octetsOfRevisions(handled.map(({ firstRevision }) => firstRevision)),
  ]);
  const isWhole =
    columns.length === handled.length * ENTRY_OCTETS &&
    handledOfColumns({ columns, more }).every(({ commandId, fingerprint, recordedAt }, index) => {
      const command = handled[index]!;
      return (
        commandId === command.commandId &&
        fingerprint === command.fingerprint &&
        recordedAt === command.recordedAt
      );
    });
  return isWhole ? { columns, more } : null;
}

/** @throws Error when the columns do not belong together */
export function handledOfColumns({ columns, more }: HandledColumns): readonly HandledCommand[] {
  const count = columns.length / ENTRY_OCTETS;
  if (!Number.isInteger(count)) throw new Error('the columns of the handled commands differ in length');
  const octets = Buffer.from(columns.buffer, columns.byteOffset, columns.length);
  let from = 0;
  const next = (each: number) => octets.subarray(from, (from += count * each));
  const commandIds = parts(idsOfOctets(next(ID_OCTETS)), ID.length);
  const fingerprints = parts(next(FINGERPRINT_OCTETS).toString('hex'), 2 * FINGERPRINT_OCTETS);
  const recordedAt = parts(next(INSTANT_LENGTH).toString('latin1'), INSTANT_LENGTH);
  const revisions = revisionsOfOctets(next(REVISION_OCTETS));
  const firstRevisions = revisionsOfOctets(next(REVISION_OCTETS));
  const besides = new Map(more);
  return revisions.map((revision, index) => {
    const command = {
      commandId: commandIds[index]!,
      fingerprint: fingerprints[index]!,
      revision,
      firstRevision: firstRevisions[index]!,
      recordedAt: recordedAt[index]! as Instant,
    };
    const beside = besides.get(index);
    return beside ? { ...command, ...beside } : command;
  });
}

function besidesOf(command: HandledCommand): object {
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

function octetsOfHex(text: string): Buffer {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

/** One after another. */
function idsOfOctets(octets: Uint8Array): string {
  const ids = Buffer.alloc((octets.length / ID_OCTETS) * ID.length, ID, 'latin1');
  for (let octet = 0, id = 0; octet < octets.length; id += ID.length) {
    for (const at of PAIRS_OF_ID) {
      const pair = HEX_PAIRS[octets[octet++]!]!;
      ids[id + at] = pair >> 8;
      ids[id + at + 1] = pair;
    }
  }
  return ids.toString('latin1');
}

/** Where each two digits of an id begin. */
const PAIRS_OF_ID = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const;
/** The two digits of an octet, the codes of both in one number. */
const HEX_PAIRS = Uint16Array.from({ length: 256 }, (_, octet) =>
  Buffer.from(octet.toString(16).padStart(2, '0'), 'latin1').readUInt16BE(),
);

function octetsOfRevisions(revisions: readonly number[]): Buffer {
  const octets = Buffer.alloc(revisions.length * REVISION_OCTETS);
  revisions.forEach((revision, index) => octets.writeUInt32BE(revision, index * REVISION_OCTETS));
  return octets;
}

function revisionsOfOctets(octets: Buffer): readonly number[] {
  const revisions: number[] = [];
  for (let at = 0; at < octets.length; at += REVISION_OCTETS) revisions.push(octets.readUInt32BE(at));
  return revisions;
}

function parts(column: string, length: number): readonly string[] {
  const texts: string[] = [];
  for (let at = 0; at < column.length; at += length) texts.push(column.slice(at, at + length));
  return texts;
}
