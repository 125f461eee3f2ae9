import { randomUUID } from 'node:crypto';
import { decideAppend, type KnownEvent } from '../rules/append.decider.js';
import {
  describedStream,
  isMetastream,
  isSoftDeleted,
  lastRevision,
  METASTREAM_PREFIX,
  parseMetadata,
  undeletedMetadata,
  type StreamState,
} from '../rules/stream-state.js';
import type { ProposedEvent } from '../wire/append-requests.js';
import { encodeReadFrame, TOMBSTONE_REVISION } from '../wire/recorded-event.js';
import { boolArray, byteaArray, int8Array, textArray, uuidArray } from './pg-array.js';
import type { PendingWrite, WriteOutcome } from './pending-write.js';
import type { NewEvent } from './stored-event.js';
import type { StreamStates } from './stream-states.js';

/** A write that cannot be answered before its event ids are compared with those of the stored rows. */
export interface PossibleRepeat {
  write: PendingWrite;
  expected: number;
  current: number;
}

const INSERT = {
  name: 'insert_events',
  text: `INSERT INTO event_store.events
      (position, stream, revision, event_id, type, is_json, data, metadata, created_ms)
    SELECT *, $9::bigint FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::uuid[], $5::text[],
      $6::boolean[], $7::bytea[], $8::bytea[])`,
};

/** Writes that are decided one after another and stored by one statement: all of them or none. */
export class WriteBatch {
  readonly events: NewEvent[] = [];
  readonly outcomes: { write: PendingWrite; outcome: WriteOutcome }[] = [];
  readonly possibleRepeats: PossibleRepeat[] = [];
  readonly #proposed: ProposedEvent[] = [];
  readonly #states: StreamStates;
  readonly #known: { get(id: string): KnownEvent | undefined };
  readonly #nowMs: number;
  #position: number;
  readonly #ownIds = new Map<string, KnownEvent>();

  constructor(
    states: StreamStates,
    known: { get(id: string): KnownEvent | undefined },
    lastPosition: number,
    nowMs: number,
  ) {
    this.#states = states;
    this.#known = known;
    this.#position = lastPosition;
    this.#nowMs = nowMs;
  }

  /** The statement that stores the batch. */
  get insert(): { name: string; text: string; values: unknown[] } {
    const { events } = this;
    const proposed = this.#proposed;
    return {
      name: INSERT.name,
      text: INSERT.text,
      values: [
        int8Array(events.map((event) => event.position)),
        textArray(events.map((event) => event.stream)),
        int8Array(events.map((event) => event.revision)),
        uuidArray(events.map((event) => event.id)),
        textArray(events.map((event) => event.type)),
        boolArray(proposed.map((event) => event.isJson)),
        byteaArray(proposed.map((event) => event.data)),
        byteaArray(proposed.map((event) => event.metadata)),
        this.#nowMs,
      ],
    };
  }

  decide(write: PendingWrite): void {
    if (write.deadlineMs !== null && write.deadlineMs < this.#nowMs) {
      this.#answer(write, { kind: 'deadline-exceeded' });
      return;
    }
    const state = this.#states.decided(describedStream(write.stream));
    const ids = write.kind === 'append' ? write.events.map((event) => event.id) : [randomUUID()];
    const decision = decideAppend(write.stream, state, write.expected, ids, (id) => this.#find(id));
    const current = state.tombstoned ? -1 : lastRevision(write.stream, state);
    switch (decision.kind) {
      case 'append':
        if (write.kind === 'append') this.#append(write, state, decision.recreates);
        else if (write.kind === 'delete') this.#softDelete(write, state);
        else this.#tombstone(write, state);
        break;
      case 'repeated':
        this.#answer(write, { ...decision, kind: 'written' });
        break;
      case 'repeated-if-stored':
        if (write.kind === 'append') {
          this.possibleRepeats.push({ write, expected: decision.expected, current });
        } else this.#answer(write, { kind: 'wrong-expected-revision', current });
        break;
      case 'wrong-expected-revision':
        this.#answer(write, { kind: decision.kind, current });
        break;
      case 'stream-deleted':
        this.#answer(write, { kind: decision.kind });
        break;
    }
  }

  #append(write: PendingWrite, state: StreamState, recreates: boolean): void {
    for (const event of write.events) this.#add(write.stream, event);
    const last = write.events.length === 0 ? null : this.#position;
    const described = describedStream(write.stream);
    const after = this.#states.decided(described);
    if (last !== null) {
      // As in EventStoreDB, new metadata also ends a deletion (`SoftUndeleteMetastream` of StorageWriterService).
      const undeletes = isMetastream(write.stream) && isSoftDeleted(state) && after.metadata !== null;
      if (recreates || undeletes) this.#undelete(described, state.revision);
    }
    this.#answer(write, { kind: 'written', revision: lastRevision(write.stream, after), position: last });
  }

  #undelete(stream: string, lastHidden: number): void {
    const { metadata } = this.#states.decided(stream);
    const data = Buffer.from(JSON.stringify(undeletedMetadata(metadata, lastHidden)));
    this.#add(METASTREAM_PREFIX + stream, systemEvent('$metadata', data));
  }

  // As in EventStoreDB, a soft deletion is a mark that replaces the stream's metadata. A stream that has neither
  // events nor metadata cannot be deleted.
  #softDelete(write: PendingWrite, state: StreamState): void {
    if (state.revision < 0 && state.metaRevision < 0) {
      this.#answer(write, { kind: 'wrong-expected-revision', current: -1 });
      return;
    }
    const data = Buffer.from('{"$tb":9223372036854775807}');
    this.#add(METASTREAM_PREFIX + write.stream, systemEvent('$metadata', data));
    this.#answer(write, { kind: 'written', revision: -1, position: this.#position });
  }

  #tombstone(write: PendingWrite, state: StreamState): void {
    this.#record(write.stream, TOMBSTONE_REVISION, systemEvent('$streamDeleted', Buffer.from('{}')));
    this.#states.decide(describedStream(write.stream), { ...state, tombstoned: true });
    this.#answer(write, { kind: 'written', revision: TOMBSTONE_REVISION, position: this.#position });
  }

  #add(stream: string, event: ProposedEvent): void {
    const described = describedStream(stream);
    const state = this.#states.decided(described);
    const { tombstoned, metaRevision, metadata } = state;
    const revision = lastRevision(stream, state) + 1;
    this.#record(stream, revision, event);
    this.#states.decide(
      described,
      isMetastream(stream)
        ? {
            revision: state.revision,
            tombstoned,
            metaRevision: revision,
            metadata: parseMetadata(event.data),
          }
        : { revision, tombstoned, metaRevision, metadata },
    );
  }

  #record(stream: string, revision: number, event: ProposedEvent): void {
    const position = ++this.#position;
    const { id, type, isJson, data, metadata } = event;
    const createdMs = this.#nowMs;
    const frame = encodeReadFrame({
      position,
      stream,
      revision,
      id,
      type,
      createdMs,
      isJson,
      data,
      metadata,
    });
    this.events.push({ position, stream, revision, type, createdMs, frame, id });
    this.#proposed.push(event);
    this.#ownIds.set(id, { stream, revision, position });
  }

  #find(id: string): KnownEvent | undefined {
    return this.#ownIds.get(id) ?? this.#known.get(id);
  }

  #answer(write: PendingWrite, outcome: WriteOutcome): void {
    this.outcomes.push({ write, outcome });
  }
}

function systemEvent(type: string, data: Buffer): ProposedEvent {
  return { id: randomUUID(), type, isJson: true, data, metadata: Buffer.alloc(0) };
}
