import type { JsonSchema } from './fields.js';

const required = {
  'content-type': { type: 'string', const: 'application/json', description: 'The media type of the data.' },
  ce_specversion: { type: 'string', const: '1.0', description: 'The version of CloudEvents.' },
  ce_id: {
    type: 'string',
    format: 'uuid',
    description:
      'The id of the event. A message that is sent again has the same id, by which you can drop it.',
  },
  ce_type: { type: 'string', description: 'What happened, and the version of the schema of its data.' },
  ce_source: {
    type: 'string',
    format: 'uri-reference',
    pattern: '^/orderlog/[a-z0-9_]{1,32}$',
    description: '`/orderlog/<tenant>`: the tenant that owns the order.',
  },
  ce_subject: {
    type: 'string',
    format: 'uuid',
    description: 'The id of the order, which is also the key of the message.',
  },
  ce_time: {
    type: 'string',
    format: 'date-time',
    description:
      'When it happened in the business, in UTC to the millisecond. Never decreases within an order.',
  },
  ce_orderrevision: {
    type: 'string',
    pattern: '^\\d+$',
    description:
      "The event's number within its order, in decimal digits: 0, 1, 2 … without a gap, except for events that an operator left out.",
  },
  ce_recordedtime: {
    type: 'string',
    format: 'date-time',
    description: 'When it was recorded, in UTC to the millisecond. Never decreases within an order.',
  },
  ce_correlationid: { type: 'string', description: 'The conversation that the command belonged to.' },
} as const satisfies Record<string, JsonSchema>;

const optional = {
  ce_causationid: { type: 'string', description: 'The message that caused the command, if one did.' },
  ce_traceparent: {
    type: 'string',
    description: 'The trace that the command was a part of (W3C Trace Context), if there was one.',
  },
} as const satisfies Record<string, JsonSchema>;

export type RequiredHeader = keyof typeof required;
export type OptionalHeader = keyof typeof optional;

/** The headers of every message of one type. */
export function headersSchema(integrationType: string): JsonSchema {
  return {
    type: 'object',
    properties: { ...required, ...optional, ce_type: { ...required.ce_type, const: integrationType } },
    required: Object.keys(required),
  };
}
