import sharedModule from '@eventstore/db-client/generated/shared_pb.js';
import streamsModule from '@eventstore/db-client/generated/streams_pb.js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StoredExactEvent } from '../port.js';
import { decodeReadResponse } from './read-response.js';
import { rawEventOf } from './recorded-event.js';

const { Empty, StreamIdentifier, UUID } = sharedModule;
const { ReadResp } = streamsModule;
const { ReadEvent } = ReadResp;

const UINT64 = 2n ** 64n - 1n;
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 });
const bytes = fc.uint8Array({ maxLength: 300 });
const position = fc.bigInt({ min: 0n, max: UINT64 });

const event = fc.record({
  eventId: fc.uuid(),
  stream: text,
  revision: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  position,
  type: text,
  contentType: fc.constantFrom('application/json', 'application/octet-stream'),
  data: bytes,
  metadata: bytes,
});

/** A read response as written by the classes that were generated from EventStoreDB's `streams.proto`. */
function written(given: StoredExactEvent, { isIdText = true } = {}): Buffer {
  const id = new UUID();
  if (isIdText) id.setString(given.eventId);
  else id.setStructured(halvesOf(given.eventId));
  const identifier = new StreamIdentifier();
  identifier.setStreamName(Buffer.from(given.stream));
  const recorded = new ReadEvent.RecordedEvent();
  recorded.setId(id);
  recorded.setStreamIdentifier(identifier);
  recorded.setStreamRevision(String(given.revision));
  recorded.setCommitPosition(String(given.position));
  recorded.setPreparePosition(String(given.position));
  recorded.getMetadataMap().set('type', given.type);
  recorded.getMetadataMap().set('created', '638000000000000000');
  recorded.getMetadataMap().set('content-type', given.contentType);
  recorded.setData(given.data);
  recorded.setCustomMetadata(given.metadata);
  const read = new ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(String(given.position));
  const response = new ReadResp();
  response.setEvent(read);
  return Buffer.from(response.serializeBinary());
}

function halvesOf(uuid: string) {
  const digits = uuid.replaceAll('-', '');
  const halves = new UUID.Structured();
  const half = (hex: string) => BigInt.asIntN(64, BigInt(`0x${hex}`)).toString();
  halves.setMostSignificantBits(half(digits.slice(0, 16)));
  halves.setLeastSignificantBits(half(digits.slice(16)));
  return halves;
}

const asItIs = (given: StoredExactEvent) => given;
const plain = (given: StoredExactEvent) => ({
  ...given,
  data: Buffer.from(given.data),
  metadata: Buffer.from(given.metadata),
});

describe('our reading of what a server sends, written by the generated classes', () => {
  it('finds every field of an event', () => {
    fc.assert(
      fc.property(event, fc.boolean(), (given, isIdText) => {
        const response = decodeReadResponse(written(given, { isIdText }), asItIs);
        expect(response).toEqual({ kind: 'event', event: plain(given) });
      }),
    );
  });

  it('finds the position of a checkpoint', () => {
    fc.assert(
      fc.property(position, (at) => {
        const checkpoint = new ReadResp.Checkpoint();
        checkpoint.setCommitPosition(String(at));
        checkpoint.setPreparePosition(String(at));
        const response = new ReadResp();
        response.setCheckpoint(checkpoint);
        const decoded = decodeReadResponse(Buffer.from(response.serializeBinary()), asItIs);
        expect(decoded).toEqual({ kind: 'checkpoint', position: at });
      }),
    );
  });

  it('knows when all is caught up, and passes over everything else', () => {
    const caughtUp = new ReadResp();
    caughtUp.setCaughtUp(new ReadResp.CaughtUp());
    const others = [new ReadResp(), new ReadResp(), new ReadResp(), new ReadResp()];
    others[0]!.setConfirmation(new ReadResp.SubscriptionConfirmation());
    others[1]!.setStreamNotFound(new ReadResp.StreamNotFound());
    others[2]!.setLastStreamPosition('7');
    others[3]!.setFellBehind(new ReadResp.FellBehind());
    const kinds = [caughtUp, ...others].map(
      (response) => decodeReadResponse(Buffer.from(response.serializeBinary()), asItIs).kind,
    );
    expect(kinds).toEqual(['caught_up', 'other', 'other', 'other', 'other']);
  });

  it('refuses what is cut off, an event without a place, and one that is gone', () => {
    fc.assert(
      fc.property(event, fc.nat(), (given, cut) => {
        const message = written(given);
        const part = message.subarray(0, 2 + (cut % (message.length - 2)));
        expect(() => decodeReadResponse(part, asItIs)).toThrow('cut off');
      }),
    );
    const gone = new ReadEvent();
    gone.setNoPosition(new Empty());
    const response = new ReadResp();
    response.setEvent(gone);
    expect(() => decodeReadResponse(Buffer.from(response.serializeBinary()), asItIs)).toThrow('gone');
    gone.setEvent(new ReadEvent.RecordedEvent());
    expect(() => decodeReadResponse(Buffer.from(response.serializeBinary()), asItIs)).toThrow('lacks its');
  });
});

describe('what the bytes of an event say', () => {
  const stored = (changes: Partial<StoredExactEvent>): StoredExactEvent => ({
    ...{ eventId: 'e', stream: 's', revision: 0, position: 1n, type: 'T', contentType: 'application/json' },
    ...{ data: Buffer.from('{"a":1}'), metadata: Buffer.from('{"m":2}') },
    ...changes,
  });

  it.each<[string, Partial<StoredExactEvent>, unknown]>([
    ['JSON', {}, { data: { a: 1 }, metadata: { m: 2 }, sizeBytes: 14 }],
    ['null', { data: Buffer.from('null') }, { data: null }],
    ['bytes that are said to be JSON', { data: Buffer.from([0xff]) }, { data: Buffer.from([0xff]) }],
    [
      'bytes that look like JSON',
      { contentType: 'application/octet-stream' },
      { data: Buffer.from('{"a":1}') },
    ],
    ['no metadata', { metadata: Buffer.alloc(0) }, { metadata: Buffer.alloc(0) }],
    ['part of a larger buffer', { data: Buffer.from('[7, 1]').subarray(1, 2) }, { data: 7 }],
  ])('%s', (_what, changes, expected) => {
    expect(rawEventOf(stored(changes))).toMatchObject(expected as object);
  });
});
