import { ApiProperty } from '#platform/http/documented.js';
import type { OrderDocument } from '#read-models/order-document.js';

const lineIdExample = '0b9e7c52-6f0a-5b7e-9c3d-2f1a8d4e6b70';

class RecordedEvent {
  @ApiProperty({ description: 'The type of the event: what happened.', example: 'OrderPlaced' })
  readonly type!: string;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'The number of the event within the order, from 0.',
    example: 0,
  })
  readonly revision!: number;

  @ApiProperty({
    description: 'The ids of what the event created or concerns, by the name of the id.',
    type: 'object',
    additionalProperties: {
      oneOf: [
        { type: 'string', format: 'uuid' },
        { type: 'array', items: { type: 'string', format: 'uuid' } },
      ],
    },
    example: { lineIds: [lineIdExample] },
  })
  readonly ids!: Readonly<Record<string, string | readonly string[]>>;
}

/** The answer to every command. A repeated command that the order remembers gets the same answer again. */
export class CommandAnswer {
  @ApiProperty({
    format: 'uuid',
    description: 'The id of the order.',
    example: '7f4df1a2-95c0-5a57-8f6e-0c2f5b1d9e34',
  })
  readonly orderId!: string;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description:
      'The revision of the order after the command; also in ETag. When a repeated command is answered, the order may be at a later revision. In a dry run, the revision that the order would have; ETag has the present one.',
    example: 0,
  })
  readonly revision!: number;

  @ApiProperty({
    type: [RecordedEvent],
    description: 'The events that the command caused; empty if the order was already in the state asked for.',
  })
  readonly events!: readonly RecordedEvent[];

  @ApiProperty({
    required: false,
    enum: [true],
    description: 'Only in a dry run: nothing was stored, and the answer shows what the command would do.',
  })
  readonly dryRun?: true;

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    description:
      'Only in a dry run, and only for tokens with the scope orders:read, unless an order is placed: the order as it would be, in the form that the query API shows, without personal data.',
  })
  readonly order?: OrderDocument;
}
