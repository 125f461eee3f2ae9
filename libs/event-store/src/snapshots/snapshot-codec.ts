import { createHash } from 'node:crypto';
import { ERASED } from '#domain/decider.js';
import type { HandledCommand, Order } from '#domain/order/state.js';
import { newEventId } from '../event-id.js';
import type { PersonalCodec } from '../personal-codec.js';
import type { ExactEvent, RawEvent } from '../port.js';
import { parseOrderStream } from '../streams.js';
import { APPEND_LIMIT_BYTES } from '../wire-event.js';
import { handledAsColumns, handledOfColumns, type HandledColumns } from './handled-columns.js';
import { packedState, unpackedState } from './packed-state.js';

/** Why a stored snapshot is not used; the order is then folded from its events as if there were none. */
export const unusableReasons = ['corrupt', 'foreign', 'stale', 'future', 'oversized'] as const;
/**
 * `corrupt`: not what was written. `foreign`: of another order or tenant, or not of the event at its revision. `stale`:
 * of another fold, or written in another form. `future`: of a revision that the stream does not have. `oversized`:
 * larger than this release would write.
 */
export type Unusable = (typeof unusableReasons)[number];

/** Stored beside the state, so that the state is parsed only where it is needed. */
interface SnapshotMetadata {
  readonly tenantId: string;
  readonly orderId: string;
  /** Revision of the last event that is folded in. */
  readonly revision: number;
  /** Fingerprint of the fold that made the state: another fold may make another state of the same events. */
  readonly foldFingerprint: string;
  /** Of the stored bytes, in hex. */
  readonly sha256: string;
  /** Version of the form that the state is stored in. */
  readonly formatVersion: number;
}

/**
 * The part of a stored state before the columns of the handled commands. The columns are most of a large state.
 */
type Head = Omit<Order, 'handled'> & {
  /** `HandledColumns.more`; the list of handled commands itself where there are no columns. */
  readonly handled: HandledColumns['more'] | readonly HandledCommand[];
};

/** How many octets hold the length of the head, big-endian. */
const HEAD_LENGTH_OCTETS = 4;

const TYPE = 'OrderSnapshot';
const FORMAT_VERSION = 3;

export class SnapshotCodec {
  readonly #personal: PersonalCodec;
  readonly #foldFingerprint: string;

  constructor(personal: PersonalCodec, foldFingerprint: string) {
    this.#personal = personal;
    this.#foldFingerprint = foldFingerprint;
  }

  /**
   * The state as JSON, its personal part sealed like that of an event, followed by the columns of the handled
   * commands. A large state is packed.
   */
  async encode(order: Order): Promise<ExactEvent> {
    const { tenantId, orderId, revision } = order;
    const personal =
      order.personal === ERASED
        ? ERASED
        : (await this.#personal.seal({ tenantId, orderId }, [order.personal]))[0];
    const columns = handledAsColumns(order.handled);
    const head = { ...order, personal, handled: columns?.more ?? order.handled };
    const data = await packedState(joined(head, columns?.columns));
    const metadata: SnapshotMetadata = {
      ...{ tenantId, orderId, revision },
      foldFingerprint: this.#foldFingerprint,
      sha256: sha256Of(data),
      formatVersion: FORMAT_VERSION,
    };
    return {
      eventId: newEventId(),
      type: TYPE,
      contentType: 'application/octet-stream',
      data,
      metadata: new TextEncoder().encode(JSON.stringify(metadata)),
    };
  }

  /**
   * The state that a snapshot holds, or why it is not to be used. The caller has to find out whether the state is
   * of the events in the stream.
   *
   * @param stream the stream of the order whose snapshot it should be
   */
  async decode(stream: string, raw: RawEvent): Promise<Order | Unusable> {
    const owner = parseOrderStream(stream);
    const metadata = snapshotMetadataOf(raw);
    if (metadata === null) return 'corrupt';
    if (metadata.tenantId !== owner?.tenantId || metadata.orderId !== owner.orderId) return 'foreign';
    if (metadata.formatVersion !== FORMAT_VERSION) return 'stale';
    if (metadata.foldFingerprint !== this.#foldFingerprint) return 'stale';
    if (!ArrayBuffer.isView(raw.data)) return 'corrupt';
    const data = Buffer.from(raw.data.buffer, raw.data.byteOffset, raw.data.byteLength);
    if (data.length > APPEND_LIMIT_BYTES) return 'oversized';
    if (sha256Of(data) !== metadata.sha256) return 'corrupt';
    const state = await unpackedState(data);
    if (!Buffer.isBuffer(state)) return state;
    const order = await this.#opened(state, owner);
    if (order === null || order.revision !== metadata.revision) return 'corrupt';
    return order.tenantId === owner.tenantId && order.orderId === owner.orderId ? order : 'foreign';
  }

  /** null: the state does not have the shape of its format version. */
  async #opened(state: Buffer, owner: { tenantId: string; orderId: string }): Promise<Order | null> {
    const stored = parsed(state);
    if (stored === null) return null;
    const personal =
      stored.personal === ERASED
        ? ERASED
        : (await this.#personal.open([{ owner, sealed: stored.personal }]))[0];
    return { ...stored, personal } as Order;
  }
}

/** The metadata of a stored snapshot; null when the event is no snapshot, or a field of its metadata is wrong. */
function snapshotMetadataOf({ type, metadata }: RawEvent): SnapshotMetadata | null {
  if (type !== TYPE || typeof metadata !== 'object' || metadata === null) return null;
  const { tenantId, orderId, revision, foldFingerprint, sha256, formatVersion } =
    metadata as Partial<SnapshotMetadata>;
  const texts = [tenantId, orderId, foldFingerprint, sha256].every((text) => typeof text === 'string');
  const isWhole = texts && Number.isSafeInteger(revision) && Number.isSafeInteger(formatVersion);
  return isWhole ? (metadata as SnapshotMetadata) : null;
}

function joined(head: unknown, columns: Uint8Array = new Uint8Array()): Buffer {
  const json = Buffer.from(JSON.stringify(head), 'utf8');
  const length = Buffer.alloc(HEAD_LENGTH_OCTETS);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, columns]);
}

function parsed(state: Buffer): Order | null {
  try {
    const columnsFrom = HEAD_LENGTH_OCTETS + state.readUInt32BE();
    const head = JSON.parse(state.toString('utf8', HEAD_LENGTH_OCTETS, columnsFrom)) as Head;
    const columns = state.subarray(columnsFrom);
    const handled =
      columns.length === 0
        ? (head.handled as readonly HandledCommand[])
        : handledOfColumns({ columns, more: head.handled as HandledColumns['more'] });
    return handled.length > 0 ? { ...head, handled } : null;
  } catch {
    return null; // any error means that these bytes are not what was written
  }
}

function sha256Of(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
