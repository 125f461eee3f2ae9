import { staleProperties } from './order.schema.js';
import {
  anything,
  integer,
  listOf,
  nullableText,
  object,
  objectWith,
  oneOf,
  orNull,
  page,
  said,
  text,
  time,
  uuid,
  type Schema,
} from './schema-parts.js';

/** The events of one order or of all, and what they changed, for the OpenAPI document. */

const actor = object(
  {
    type: said(oneOf(['customer', 'user', 'service']), 'What kind of actor this is.'),
    id: said(text, 'The id of the actor.'),
  },
  'Who asked for the change.',
);

const event = {
  revision: said(integer, 'The number of the event within its order, from 0.'),
  eventId: said(uuid, 'The id of the event.'),
  type: said(text, 'What happened, such as OrderPlaced.'),
  data: {
    type: 'object',
    additionalProperties: true,
    description: 'The data of the event, without personal data. Reasons are as people wrote them.',
  },
  occurredAt: said(time, 'When it happened in the business.'),
  recordedAt: said(time, 'When it was recorded.'),
  commandId: said(uuid, 'The id of the command that caused it.'),
  correlationId: said(text, 'The conversation that the command belongs to.'),
  causationId: said(nullableText, 'The message that caused the command.'),
  actor,
};

export const changedFields: Schema = {
  type: 'object',
  additionalProperties: object({
    from: said(anything, 'The value before.'),
    to: said(anything, 'The value after.'),
  }),
  description: 'The fields of the summary that changed, before and after.',
};

export const historySchema = page(object({ ...event, changes: changedFields }), staleProperties);

export const feedSchema = object({
  items: said(
    listOf(
      object({
        position: said(text, 'The place of the event in the log of all orders.'),
        orderId: said(uuid, 'The order that the event belongs to.'),
        next: said(text, 'Send it as `after` to continue after this event.'),
        ...event,
      }),
    ),
    'The events, in the order in which they became visible.',
  ),
  next: said(text, 'Send it as `after` to continue after this page.'),
  hasMore: {
    type: 'boolean',
    description:
      'true: there may be more events after `next` already, even if this page has fewer than `limit`, or none. ' +
      'false: ask again later.',
  },
});

const ofState = object({ revision: said(integer, 'The number of the last event that is in it.') });
const diffProperties = {
  orderId: said(uuid, 'The id of the order.'),
  from: said(orNull(ofState), 'The earlier state; null: the order was not placed yet.'),
  to: said(ofState, 'The later state.'),
  changes: said(
    listOf({
      type: 'object',
      required: ['pointer', 'op', 'by'],
      properties: {
        pointer: said(
          text,
          'JSON pointer into the later state; for what was removed, into the earlier state.',
        ),
        op: said(oneOf(['add', 'remove', 'replace']), 'What was done at the pointer.'),
        from: said(anything, 'The value before; absent for what was added.'),
        to: said(anything, 'The value after; absent for what was removed.'),
        by: said(
          listOf(
            object({
              revision: event.revision,
              eventId: event.eventId,
              type: event.type,
              commandId: event.commandId,
              actor,
              occurredAt: event.occurredAt,
              recordedAt: event.recordedAt,
            }),
          ),
          'The events that made the change; of many, the last hundred.',
        ),
        earlier: said(integer, 'How many events made the change before those in `by`; absent: none.'),
      },
    }),
    'What differs between the two states.',
  ),
};
export const diffSchema = objectWith(diffProperties, staleProperties);
