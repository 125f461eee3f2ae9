import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { CloudEvent, Kafka as kafkaBinding, type KafkaMessage } from 'cloudevents';
import fc from 'fast-check';
import { play, stories } from '#domain/testing/story.js';
import { decode } from '#event-store/codec.js';
import type { Actor, EventMetadata, RawEvent, StoredOrderEvent } from '#event-store/port.js';
import { asyncApiDocument } from './asyncapi-document.js';
import { headOf, integrationEvent, type OrderHead } from './integration-event.js';
import { kafkaMessage, type OutgoingMessage } from './kafka-binding.js';
import { dataSchema, integrationTypeOf, publishedEventTypes } from './published-events.js';

const require = createRequire(import.meta.url);
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

interface Document {
  readonly components: { readonly messages: Readonly<Record<string, { headers: object; payload: object }>> };
}
const document = JSON.parse(JSON.stringify(asyncApiDocument('0.0.0'))) as Document;

const ajv = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true });
formats.default(ajv);
const closedData = new Map<string, object>(
  publishedEventTypes.map((type) => [integrationTypeOf(type), dataSchema(type)]),
);
const validators = new Map(
  Object.entries(document.components.messages).map(([type, { headers, payload }]) => [
    type,
    {
      headers: ajv.compile(headers),
      payload: ajv.compile(payload),
      /** Without fields that the document does not name. */
      closedPayload: ajv.compile(closedData.get(type)!),
    },
  ]),
);

/** The ways in which a message breaks the schemas of the document; empty when it breaks none. */
function faultsOf({ headers, value }: OutgoingMessage): unknown[] {
  const validate = validators.get(headers['ce_type']!);
  if (!validate) return [`${headers['ce_type']} is not in the document`];
  const wrong: unknown[] = [];
  if (!validate.headers(headers)) wrong.push(...validate.headers.errors!);
  const data: unknown = JSON.parse(value);
  if (!validate.payload(data)) wrong.push(...validate.payload.errors!);
  if (!validate.closedPayload(data)) wrong.push(...validate.closedPayload.errors!);
  return wrong;
}

/** What every message begins with, of the order; some events have fields of these names that are not the order's. */
const HEAD = ['tenantId', 'orderId', 'number', 'reference', 'customerId', 'currency', 'revision'];

/** Pointers to what a message says otherwise than its event. Reasons may be left out (see below). */
function contradictions(said: unknown, stored: unknown, at = ''): string[] {
  if (Array.isArray(said) && Array.isArray(stored)) {
    const apart = said.length === stored.length ? [] : [`${at}/length`];
    return [
      ...apart,
      ...said.flatMap((each, index) => contradictions(each, stored[index], `${at}/${index}`)),
    ];
  }
  if (isObject(said) && isObject(stored)) {
    const shared = Object.keys(said).filter(
      (name) => name in stored && name !== 'reason' && (at !== '' || !HEAD.includes(name)),
    );
    return shared.flatMap((name) => contradictions(said[name], stored[name], `${at}/${name}`));
  }
  return said === stored ? [] : [at];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function goldenExamples(): Promise<{ event: StoredOrderEvent; message: OutgoingMessage }[]> {
  const folder = '../../event-store/golden/streams/';
  const examples = [];
  for (const file of readdirSync(new URL(folder, import.meta.url))) {
    const { events } = read(folder + file) as { events: (RawEvent & { position: unknown })[] };
    const raw = events.map((event) => ({ ...event, position: BigInt(String(event.position)) }));
    const stored = await decode(raw);
    const [placed] = stored;
    if (placed?.type !== 'OrderPlaced') throw new Error(`${file} does not begin with OrderPlaced`);
    const head = headOf(placed);
    for (const event of stored)
      examples.push({ event, message: kafkaMessage(integrationEvent(event, head)) });
  }
  return examples;
}

describe('an integration event', () => {
  it('is as the document says, for an example of every event', async () => {
    const examples = await goldenExamples();
    for (const { message } of examples) expect(faultsOf(message)).toEqual([]);
    const types = new Set(examples.map(({ event }) => event.type));
    expect([...types].sort()).toEqual([...publishedEventTypes].sort());
  });

  it('is as the document says, whatever was decided', () => {
    const story = stories({ minLength: 5, maxLength: 60 });
    const seen = new Set<string>();
    const metadata = {
      ...((read('../../event-store/golden/streams/cancelled.json') as { events: RawEvent[] }).events[0]!
        .metadata as EventMetadata),
    };
    fc.assert(
      fc.property(story, (turns) => {
        let head: OrderHead | null = null;
        for (const { events } of play(turns)) {
          for (const recorded of events) {
            const orderId = '4028923c-a7ac-5f31-ae23-dadddd146560';
            const event = { ...recorded, orderId, eventId: orderId, position: 0n, metadata };
            if (event.type === 'OrderPlaced') head = headOf(event);
            const message = kafkaMessage(integrationEvent(event, head!));
            seen.add(event.type);
            const faults = [...faultsOf(message), ...contradictions(JSON.parse(message.value), event.data)];
            if (faults.length > 0) throw new Error(`${event.type}: ${JSON.stringify(faults)}`);
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(seen.size).toBeGreaterThan(publishedEventTypes.length / 2);
  });

  it('may have fields that the document does not name yet, at any depth', async () => {
    const withMore = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(withMore);
      if (typeof value !== 'object' || value === null) return value;
      const fields = Object.entries(value).map(([name, field]) => [name, withMore(field)] as const);
      return { ...Object.fromEntries(fields), laterField: 'of a later release' };
    };
    for (const { message } of await goldenExamples()) {
      const { payload } = validators.get(message.headers['ce_type']!)!;
      expect(payload(withMore(JSON.parse(message.value)))).toBe(true);
    }
  });

  it('says what the event says, wherever both have a field of the same name', async () => {
    const examples = await goldenExamples();
    for (const { event, message } of examples) {
      const said = JSON.parse(message.value) as Record<string, unknown>;
      expect(contradictions(said, event.data)).toEqual([]);
      if (event.type !== 'PaymentCaptured') continue;
      const { paymentId, amountMinor } = event.data;
      expect(said).toMatchObject({ paymentId, amountMinor });
      expect(contradictions({ ...said, amountMinor: 0 }, event.data)).toEqual(['/amountMinor']);
    }
    expect(examples.some(({ event }) => event.type === 'PaymentCaptured')).toBe(true);
  });

  it('is a CloudEvent in the binary mode of the Kafka binding', async () => {
    for (const { event, message } of await goldenExamples()) {
      const { key, value, headers } = message;
      const received: KafkaMessage<string> = { key, value, headers, body: value };
      const cloudEvent = kafkaBinding.toEvent(received) as CloudEvent<object>;
      expect(cloudEvent.validate()).toBe(true);
      expect(cloudEvent).toMatchObject({
        specversion: '1.0',
        id: event.eventId,
        type: integrationTypeOf(event.type),
        source: `/orderlog/${event.metadata.tenantId}`,
        subject: event.orderId,
        time: event.occurredAt,
        datacontenttype: 'application/json',
        orderrevision: String(event.recording.revision),
        recordedtime: event.recording.recordedAt,
        correlationid: event.metadata.correlationId,
        partitionkey: event.orderId,
        data: {
          tenantId: event.metadata.tenantId,
          orderId: event.orderId,
          revision: event.recording.revision,
        },
      });
      expect(cloudEvent['causationid']).toBe(event.metadata.causationId ?? undefined);
      expect(cloudEvent['traceparent']).toBe(event.metadata.traceparent ?? undefined);
    }
  });

  it('names what happened by the words of the event', () => {
    expect(integrationTypeOf('OrderPlaced')).toBe('orderlog.order.placed.v1');
    expect(integrationTypeOf('LineQuantityChanged')).toBe('orderlog.line.quantity.changed.v1');
    expect(integrationTypeOf('ReturnItemsReceived')).toBe('orderlog.return.items.received.v1');
  });

  it('holds nothing of what names a person', async () => {
    const examples = await goldenExamples();
    const personal = new Set(examples.flatMap(({ event }) => textsIn(event.personal)));
    expect(personal.size).toBeGreaterThan(5);
    for (const { message } of examples) {
      const said = new Set([...textsIn(JSON.parse(message.value)), ...Object.values(message.headers)]);
      expect([...personal].filter((text) => said.has(text))).toEqual([]);
    }
  });
});

describe('a reason', () => {
  it('is told in the words of staff and systems, not in those of a customer', async () => {
    const examples = await goldenExamples();
    const { event } = examples.find(({ event: { type } }) => type === 'ReturnRequested')!;
    const head = { number: 'N', reference: null, customerId: 'c', currency: 'GBP' };
    const reasonBy = (type: Actor['type']) => {
      const metadata = { ...event.metadata, actor: { type, id: 'c' } };
      return (integrationEvent({ ...event, metadata }, head).data as { reason: string | null }).reason;
    };
    const given = (event.data as { reason: string | null }).reason;
    expect(given).not.toBeNull();
    expect([reasonBy('user'), reasonBy('service'), reasonBy('customer')]).toEqual([given, given, null]);
  });
});

describe('the AsyncAPI document', () => {
  it("is valid by AsyncAPI's own schema", () => {
    const schema = require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object;
    const validate = formats.default(new Ajv({ strict: false, allErrors: true })).compile(schema);
    expect([validate(document), validate.errors]).toEqual([true, null]);
    expect(validate({ ...document, operations: { publish: { action: 'shout' } } })).toBe(false);
  });

  it('describes every field', () => {
    const silent: string[] = [];
    const visit = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const { properties, items, oneOf } = schema as Record<string, unknown>;
      for (const [name, field] of Object.entries(properties ?? {}) as [string, Record<string, unknown>][]) {
        if (typeof field['description'] !== 'string' && field['const'] === undefined)
          silent.push(`${path}/${name}`);
        visit(field, `${path}/${name}`);
      }
      visit(items, path);
      for (const each of (oneOf ?? []) as unknown[]) visit(each, path);
    };
    for (const [type, { headers, payload }] of Object.entries(document.components.messages)) {
      visit(headers, type);
      visit(payload, type);
    }
    expect(silent).toEqual([]);
  });

  it('describes every field that is sent', () => {
    const { payload, closedPayload } = validators.get('orderlog.order.confirmed.v1')!;
    const data = { tenantId: 'shop', orderId: 'o', number: 'N', reference: null, customerId: null };
    expect(payload({ ...data, currency: 'GBP', revision: 1 })).toBe(true);
    expect(payload({ ...data, currency: 'GBP', revision: 1, email: 'a@example.org' })).toBe(true);
    expect(closedPayload({ ...data, currency: 'GBP', revision: 1, email: 'a@example.org' })).toBe(false);
    expect(payload({ ...data, currency: 'GBP' })).toBe(false);
  });
});

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
