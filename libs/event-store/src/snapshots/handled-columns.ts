import type { Instant } from '#domain/instant.js';
import type { HandledCommand } from '#domain/order/state.js';

const ID_OCTETS = 16;
const ID_LENGTH = 36;
const FINGERPRINT_OCTETS = 16;
const INSTANT_LENGTH = 24;
const REVISION_OCTETS = 4;
const ENTRY_OCTETS = ID_OCTETS + FINGERPRINT_OCTETS + INSTANT_LENGTH + 2 * REVISION_OCTETS;
/** How many fields every command has. */
const FIELDS_IN_COLUMNS = 5;

/** The commands that an order has handled. */
export interface HandledColumns {
  /**
   * The ids, fingerprints, instants, revisions and first revisions of the commands, one column after another.
   * There may be two thousand commands, and as a list in JSON they would take nearly three times as much.
   */
  readonly columns: Uint8Array;
  /** The further fields that only a few commands have, by the index of the command. */
  readonly more: readonly (readonly [index: number, more: object])[];
}

/** null when an id, a fingerprint or an instant is not written in the form that the API gives it. */
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
  let end = 0;
  const next = (each: number) => octets.subarray(end, (end += count * each));
  // Each column is decoded as one text, and the fields are parts of it. Decoding them one by one would take longer
  // than all the rest.
  const commandIds = idsOfOctets(next(ID_OCTETS));
  const fingerprints = next(FINGERPRINT_OCTETS).toString('hex');
  const instants = next(INSTANT_LENGTH).toString('latin1');
  const revisions = next(REVISION_OCTETS);
  const firstRevisions = next(REVISION_OCTETS);
  const handled = Array.from({ length: count }, (_, index) => ({
    commandId: part(commandIds, index, ID_LENGTH),
    fingerprint: part(fingerprints, index, 2 * FINGERPRINT_OCTETS),
    revision: revisions.readUInt32BE(index * REVISION_OCTETS),
    firstRevision: firstRevisions.readUInt32BE(index * REVISION_OCTETS),
    recordedAt: part(instants, index, INSTANT_LENGTH) as Instant,
  }));
  for (const [index, beside] of more) Object.assign(handled[index]!, beside);
  return handled;
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

/** All ids as one text, one after another. */
function idsOfOctets(octets: Uint8Array): string {
  const ids = Buffer.alloc((octets.length / ID_OCTETS) * ID_LENGTH);
  let at = 0;
  for (let first = 0; first < octets.length; first += ID_OCTETS) {
    for (let octet = 0; octet < ID_OCTETS; octet++) {
      if (octet === 4 || octet === 6 || octet === 8 || octet === 10) ids[at++] = HYPHEN;
      const pair = HEX_PAIRS[octets[first + octet]!]!;
      ids[at++] = pair >> 8;
      ids[at++] = pair;
    }
  }
  return ids.toString('latin1');
}

const HYPHEN = '-'.charCodeAt(0);
/** The two hexadecimal digits of an octet: the character codes of both in one number. */
const HEX_PAIRS = Uint16Array.from({ length: 256 }, (_, octet) =>
  Buffer.from(octet.toString(16).padStart(2, '0'), 'latin1').readUInt16BE(),
);

function octetsOfRevisions(revisions: readonly number[]): Buffer {
  const octets = Buffer.alloc(revisions.length * REVISION_OCTETS);
  revisions.forEach((revision, index) => octets.writeUInt32BE(revision, index * REVISION_OCTETS));
  return octets;
}

function part(column: string, index: number, length: number): string {
  return column.slice(index * length, (index + 1) * length);
}
