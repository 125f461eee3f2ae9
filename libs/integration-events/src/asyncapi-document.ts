import { DEFAULT_TOPIC } from '#platform/kafka-settings.js';
import type { JsonSchema } from './fields.js';
import { headersSchema } from './kafka-headers.js';
import { dataSchema, integrationTypeOf, publishedEvents, publishedEventTypes } from './published-events.js';

const CHANNEL = 'orderEvents';

const DESCRIPTION = `Everything that happens to an order, as CloudEvents 1.0 in binary mode on a Kafka topic.

Messages of one order are in one partition, in the order in which the events happened. Each event is sent at least
once; if it is sent again, its \`ce_id\` is the same. Fields may be added to the data at any time: ignore those that you
do not know. Nothing else in the schema of a type changes: any other change that a reader could notice makes a new type,
\`….v2\`. New types may come at any time, too. No message contains personal data.`;

/** AsyncAPI 3.0 (https://www.asyncapi.com/docs/reference/specification/v3.0.0): what the relay sends. */
export function asyncApiDocument(version: string): object {
  const names = publishedEventTypes.map((type) => [type, integrationTypeOf(type)] as const);
  const reference = (to: string) => ({ $ref: `#/${to}` });
  return {
    asyncapi: '3.0.0',
    id: 'urn:orderlog:order-events',
    info: { title: 'orderlog: order events', version, description: DESCRIPTION },
    defaultContentType: 'application/json',
    channels: {
      [CHANNEL]: {
        address: DEFAULT_TOPIC,
        title: 'Order events',
        description: 'The name of the topic is a setting of the projector: ORDERLOG_KAFKA_TOPIC.',
        messages: Object.fromEntries(
          names.map(([, name]) => [name, reference(`components/messages/${name}`)]),
        ),
      },
    },
    operations: {
      publishOrderEvents: {
        action: 'send',
        channel: reference(`channels/${CHANNEL}`),
        summary: 'Sends every event of every order after it was stored.',
      },
    },
    components: {
      messages: Object.fromEntries(
        names.map(([type, name]) => [
          name,
          {
            name,
            title: type,
            summary: publishedEvents[type].summary,
            contentType: 'application/json',
            headers: headersSchema(name),
            payload: open(dataSchema(type)),
            bindings: {
              kafka: {
                key: { type: 'string', format: 'uuid', description: 'The id of the order.' },
                bindingVersion: '0.5.0',
              },
            },
          },
        ]),
      ),
    },
  };
}

/** The schema for readers, which must take fields that are added later. Ours is closed, so that none is sent by mistake. */
function open(schema: JsonSchema): JsonSchema {
  return JSON.parse(
    JSON.stringify(schema, (name, value: unknown) =>
      name === 'additionalProperties' && value === false ? undefined : value,
    ),
  ) as JsonSchema;
}
