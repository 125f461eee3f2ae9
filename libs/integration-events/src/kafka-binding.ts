import type { IntegrationEvent } from './integration-event.js';
import type { OptionalHeader, RequiredHeader } from './kafka-headers.js';

/** A message for Kafka, as the client takes it. */
export interface OutgoingMessage {
  readonly key: string;
  readonly value: string;
  readonly headers: Record<string, string>;
}

/**
 * CloudEvents 1.0, Kafka protocol binding, binary mode: attributes are headers with the prefix `ce_`, the
 * value is the data. The key is the order's id, so that all messages of an order are in one partition.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
export function kafkaMessage(event: IntegrationEvent): OutgoingMessage {
  const headers: Record<RequiredHeader, string> & Partial<Record<OptionalHeader, string>> = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_type: event.type,
    ce_source: event.source,
    ce_subject: event.subject,
    ce_time: event.time,
    ce_orderrevision: String(event.orderrevision),
    ce_recordedtime: event.recordedtime,
    ce_correlationid: event.correlationid,
  };
  if (event.causationid !== null) headers.ce_causationid = event.causationid;
  if (event.traceparent !== null) headers.ce_traceparent = event.traceparent;
  return { key: event.subject, value: JSON.stringify(event.data), headers };
}
