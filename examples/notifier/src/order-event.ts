import type { KafkaMessage } from 'kafkajs';
import { messageOfEvent, type MessageType } from './message-types.js';

/** A message of the topic as text, kept as it came: what the inbox stores and a dead letter repeats. */
export interface RawMessage {
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

/** What the notifier reads of an order event. The published schema has more, and may gain fields. */
export interface OrderEvent {
  readonly eventId: string;
  readonly orderId: string;
  readonly revision: number;
  readonly messageType: MessageType;
  /** Null: a guest's order. */
  readonly customerId: string | null;
  /** The facts of the event. */
  readonly data: Readonly<Record<string, unknown>>;
}

export type Reading =
  | { readonly kind: 'event'; readonly event: OrderEvent }
  | {
      readonly kind: 'ignored';
      readonly why: 'type' | 'newer version' | 'tenant' | 'age';
      readonly type: string;
    }
  | { readonly kind: 'malformed'; readonly why: string };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** The inbox has the customer id in a key, whose length PostgreSQL limits. */
const CUSTOMER_ID_CHARACTERS = 500;
/** The largest `integer` of PostgreSQL. */
const REVISION_MAX = 2_147_483_647;

/** Which events lead to messages, whatever their type. */
export interface Bounds {
  readonly tenant: string;
  /** How long ago an event may have happened. */
  readonly maxAgeMs: number;
}

/**
 * Reads a CloudEvent in the binary mode of the Kafka binding, as docs/asyncapi/order-events.json describes it: by its
 * headers first, so that the data of types that lead to no message is not even parsed.
 */
export function readOrderEvent({ key, headers, value }: RawMessage, { tenant, maxAgeMs }: Bounds): Reading {
  const { ce_id: eventId, ce_type: type, ce_source: source, ce_subject: orderId } = headers;
  const malformed = (why: string): Reading => ({ kind: 'malformed', why });
  if (type === undefined) return malformed('no ce_type');
  const leading = Object.hasOwn(messageOfEvent, type) ? messageOfEvent[type] : undefined;
  // A consumer ignores what it does not know.
  if (leading === undefined)
    return { kind: 'ignored', why: isNewerVersion(type) ? 'newer version' : 'type', type };
  if (source !== `/orderlog/${tenant}`) return { kind: 'ignored', why: 'tenant', type };
  const happenedAt = Date.parse(headers['ce_time'] ?? '');
  if (Number.isNaN(happenedAt)) return malformed('no ce_time');
  if (Date.now() - happenedAt > maxAgeMs) return { kind: 'ignored', why: 'age', type };
  if (!UUID.test(eventId ?? '')) return malformed('no ce_id');
  if (!UUID.test(orderId ?? '')) return malformed('no ce_subject');
  if (![key ?? '', ...Object.entries(headers).flat()].every(isKeepable))
    return malformed('no text in a header');
  const data = parsed(value);
  if (data === null) return malformed('the data is no JSON object');
  const missing = leading.needs.find((field) => !(field in data));
  if (missing !== undefined) return malformed(`no ${missing}`);
  const { revision, customerId } = data;
  if (!isRevision(revision)) return malformed('no revision');
  if (!isCustomerId(customerId)) return malformed('no customerId');
  return {
    kind: 'event',
    event: {
      eventId: eventId!,
      orderId: orderId!,
      revision,
      messageType: leading.to,
      customerId,
      data,
    },
  };
}

/**
 * A Kafka message as text. Bytes that are not UTF-8 become replacement characters; the contract has no such bytes.
 */
export function rawMessageOf({
  key,
  headers,
  value,
}: Pick<KafkaMessage, 'key' | 'headers' | 'value'>): RawMessage {
  const texts = Object.entries(headers ?? {}).map(([name, content]) => [name, String(content)]);
  return {
    key: key?.toString() ?? null,
    headers: Object.fromEntries(texts) as Record<string, string>,
    value: value?.toString() ?? '',
  };
}

function isNewerVersion(type: string): boolean {
  const family = type.replace(/\.v\d+$/, '.v');
  return Object.keys(messageOfEvent).some((one) => one.replace(/\.v\d+$/, '.v') === family);
}

function parsed(value: string): Record<string, unknown> | null {
  try {
    const data: unknown = JSON.parse(value);
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function isRevision(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= REVISION_MAX;
}

function isCustomerId(value: unknown): value is string | null {
  if (value === null) return true;
  return typeof value === 'string' && value.length <= CUSTOMER_ID_CHARACTERS && isKeepable(value);
}

/** PostgreSQL stores neither NUL nor lone surrogates: it would refuse the whole batch again and again. */
function isKeepable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
