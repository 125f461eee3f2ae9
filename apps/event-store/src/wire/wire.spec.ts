import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeAppendRequest, decodeBatchAppendRequest, type ExpectedRevision } from './append-requests.js';
import { encodeBatchAppendFailure, encodeBatchAppendSuccess } from './append-responses.js';
import { FRAME_PREFIX_BYTES, FrameBatch, frameOf, FrameSlab } from './frames.js';
import { Empty, shared, streams } from './generated.js';
import { encodeReadFrame, TOMBSTONE_REVISION } from './recorded-event.js';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 60 })
  .filter((value) => !value.includes('\0'));
const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 });

/** The message in a frame, after checking its prefix. */
function messageOf(frame: Buffer): Buffer {
  expect(frame[0]).toBe(0);
  expect(frame.readUInt32BE(1)).toBe(frame.length - FRAME_PREFIX_BYTES);
  return frame.subarray(FRAME_PREFIX_BYTES);
}

/** The parts of an event as slices of one buffer, as in a row that PostgreSQL sent. */
function inOneBuffer(event: { stream: string; id: string; type: string; data: Buffer; metadata: Buffer }) {
  const parts = [
    Buffer.from(event.stream),
    Buffer.from(event.id.replaceAll('-', ''), 'hex'),
    Buffer.from(event.type),
    event.data,
    event.metadata,
  ];
  const source = Buffer.concat(parts);
  let start = 0;
  const [stream, id, type, data, metadata] = parts.map(({ length }) => {
    const slice = { source, start, length };
    start += length;
    return slice;
  });
  return { stream: stream!, id: id!, type: type!, data: data!, metadata: metadata! };
}

describe('our encoding of an event, read by the generated classes', () => {
  const event = fc.record({
    position: number,
    stream: text,
    revision: fc.oneof(number, fc.constant(TOMBSTONE_REVISION)),
    id: fc.uuid(),
    type: text,
    isJson: fc.boolean(),
    data: bytes,
    metadata: bytes,
    createdMs: fc.integer({ min: 0, max: 4e12 }),
  });

  it('says the same, from bytes, from PostgreSQL’s hexadecimal and from a row of its COPY', () => {
    const slab = new FrameSlab();
    fc.assert(
      fc.property(event, (given) => {
        const frame = encodeReadFrame(given);
        const { data, metadata } = given;
        const fromHex = encodeReadFrame({
          ...given,
          data: data.toString('hex'),
          metadata: metadata.toString('hex'),
        });
        expect(fromHex.equals(frame)).toBe(true);
        const fromRow = encodeReadFrame({ ...given, ...inOneBuffer(given) }, slab);
        expect(fromRow.equals(frame)).toBe(true);

        const read = streams.ReadResp.deserializeBinary(messageOf(frame)).getEvent()!;
        const recorded = read.getEvent()!;
        const position = String(given.position);
        expect(read.getCommitPosition()).toBe(position);
        expect([recorded.getCommitPosition(), recorded.getPreparePosition()]).toEqual([position, position]);
        expect(recorded.getId()!.getString()).toBe(given.id);
        expect(Buffer.from(recorded.getStreamIdentifier()!.getStreamName_asU8())).toEqual(
          Buffer.from(given.stream),
        );
        const revision =
          given.revision === TOMBSTONE_REVISION ? '9223372036854775807' : String(given.revision);
        expect(recorded.getStreamRevision()).toBe(revision);
        const properties = recorded.getMetadataMap();
        expect(Buffer.from(properties.get('type')!)).toEqual(Buffer.from(given.type));
        expect(properties.get('created')).toBe(`${given.createdMs}0000`);
        expect(properties.get('content-type')).toBe(
          given.isJson ? 'application/json' : 'application/octet-stream',
        );
        expect(Buffer.from(recorded.getData_asU8())).toEqual(data);
        expect(Buffer.from(recorded.getCustomMetadata_asU8())).toEqual(metadata);
      }),
    );
  });
});

describe('our reading of append requests, written by the generated classes', () => {
  const expectedRevision = fc.oneof(number, fc.constantFrom('any', 'no_stream', 'stream_exists'));
  const proposed = fc.record({
    id: fc.uuid(),
    type: text,
    isJson: fc.boolean(),
    data: bytes,
    metadata: bytes,
  });

  function optionsOf(stream: string, expected: ExpectedRevision) {
    const options = new streams.BatchAppendReq.Options();
    options.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)));
    if (expected === 'any') options.setAny(new Empty());
    else if (expected === 'no_stream') options.setNoStream(new Empty());
    else if (expected === 'stream_exists') options.setStreamExists(new Empty());
    else options.setStreamPosition(String(expected));
    return options;
  }

  it('a batch append comes through as it was', () => {
    fc.assert(
      fc.property(
        text,
        expectedRevision,
        fc.array(proposed, { maxLength: 4 }),
        fc.boolean(),
        (stream, expected, events, isFinal) => {
          const correlationId = randomUUID();
          const request = new streams.BatchAppendReq().setIsFinal(isFinal);
          request.setCorrelationId(new shared.UUID().setString(correlationId));
          request.setOptions(optionsOf(stream, expected));
          for (const event of events) {
            const message = new streams.BatchAppendReq.ProposedMessage()
              .setId(new shared.UUID().setString(event.id))
              .setData(event.data)
              .setCustomMetadata(event.metadata);
            message.getMetadataMap().set('type', event.type);
            const contentType = event.isJson ? 'application/json' : 'application/octet-stream';
            message.getMetadataMap().set('content-type', contentType);
            request.addProposedMessages(message);
          }
          const chunk = decodeBatchAppendRequest(Buffer.from(request.serializeBinary()));
          expect(chunk).toEqual({
            correlationId,
            options: { stream: Buffer.from(stream).toString(), expected, deadlineMs: null },
            events: events.map((event) => ({ ...event, type: Buffer.from(event.type).toString() })),
            isFinal,
            invalid: null,
          });
        },
      ),
    );
  });

  it('ids may come as two halves', () => {
    const id = '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b';
    const hex = id.replaceAll('-', '');
    const halves = new shared.UUID.Structured()
      .setMostSignificantBits(BigInt.asIntN(64, BigInt(`0x${hex.slice(0, 16)}`)).toString())
      .setLeastSignificantBits(BigInt.asIntN(64, BigInt(`0x${hex.slice(16)}`)).toString());
    const message = new streams.AppendReq.ProposedMessage().setId(new shared.UUID().setStructured(halves));
    message.getMetadataMap().set('type', 'T').set('content-type', 'application/json');
    const request = new streams.AppendReq().setProposedMessage(message);
    expect(decodeAppendRequest(Buffer.from(request.serializeBinary()))).toMatchObject({ event: { id } });
  });

  it('cut or scrambled bytes are refused and never read past their end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (scrambled) => {
        try {
          decodeBatchAppendRequest(Buffer.from(scrambled));
        } catch (error) {
          expect((error as Error).name).toBe('MalformedMessage');
        }
      }),
    );
  });
});

describe('answers to a batch append', () => {
  it.each([
    [5, 77],
    [-1, null],
    [0, 2 ** 40],
  ])('success at revision %p, position %p', (revision, position) => {
    const id = randomUUID();
    const frame = encodeBatchAppendSuccess(id, 'stream-ü', revision, position);
    const response = streams.BatchAppendResp.deserializeBinary(messageOf(frame));
    expect(response.getCorrelationId()!.getString()).toBe(id);
    expect(Buffer.from(response.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe('stream-ü');
    const success = response.getSuccess()!;
    expect(success.hasNoStream()).toBe(revision < 0);
    if (revision >= 0) expect(success.getCurrentRevision()).toBe(String(revision));
    expect(success.getPosition()?.getCommitPosition() ?? null).toBe(
      position === null ? null : String(position),
    );
  });

  it('a refusal packs its detail under the name that the client looks for', () => {
    const frame = encodeBatchAppendFailure(randomUUID(), 's', {
      kind: 'wrong-expected-revision',
      expected: 3,
      current: 7,
    });
    const details = streams.BatchAppendResp.deserializeBinary(messageOf(frame)).getError()!.getDetails()!;
    const detail = details.unpack(
      (binary) => shared.WrongExpectedVersion.deserializeBinary(binary),
      'event_store.client.WrongExpectedVersion',
    )!;
    expect([detail.getExpectedStreamPosition(), detail.getCurrentStreamRevision()]).toEqual(['3', '7']);
  });
});

describe('a batch of frames', () => {
  it('fills the buffer that gRPC allocates for one message', () => {
    const frames = [frameOf(Buffer.from('one')), frameOf(Buffer.from('twenty'))];
    const batch = new FrameBatch(frames);
    const output = Buffer.alloc(FRAME_PREFIX_BYTES + batch.byteLength, 0xff);
    batch.copy(output);
    expect(output).toEqual(Buffer.concat(frames));
  });
});
