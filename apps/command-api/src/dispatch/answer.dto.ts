import { ApiProperty } from '@nestjs/swagger';
import type { OrderDocument } from '#read-models/order-document.js';

const lineIdExample = '0b9e7c52-6f0a-5b7e-9c3d-2f1a8d4e6b70';

class RecordedEvent {
  @ApiProperty({ description: 'What happened.', example: 'OrderPlaced' })
  readonly type!: string;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Its place in the history of the order.',
    example: 0,
  })
  readonly revision!: number;

  @ApiProperty({
    description: 'What it created or concerns, by the name of the id.',
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

/** The answer to every command. A repeated command gets the same answer again. */
export class CommandAnswer {
  @ApiProperty({ format: 'uuid', example: '7f4df1a2-95c0-5a57-8f6e-0c2f5b1d9e34' })
  readonly orderId!: string;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description:
      'Of the order after the command, which may be further by the time of a repetition; also in ETag.',
    example: 0,
  })
  readonly revision!: number;

  @ApiProperty({
    type: [RecordedEvent],
    description: 'What the command made happen; empty when the order was so already.',
  })
  readonly events!: readonly RecordedEvent[];

  @ApiProperty({
    required: false,
    enum: [true],
    description: 'Nothing was done: the answer says what would be.',
  })
  readonly dryRun?: true;

  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: true,
    description: 'Of a dry run: the order as it would be, as query-api shows one, without personal data.',
  })
  readonly order?: OrderDocument;
}
