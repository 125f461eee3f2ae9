import { Body, Controller, Param, Post, Put } from '@nestjs/common';
import type { CommandAnswer } from '../dispatch/answer.dto.js';
import { CommandRoute } from '../dispatch/command-route.js';
import { OrderDispatcher } from '../dispatch/order-dispatcher.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { ReasonBody } from './common.dto.js';
import { AddNoteBody, ChangeAttributesBody, ChangeTagsBody } from './notes.dto.js';
import { NotePath, OrderPath } from './path.dto.js';

@Controller('v1/orders/:orderId')
export class NotesController {
  readonly #orders: OrderDispatcher;

  constructor(orders: OrderDispatcher) {
    this.#orders = orders;
  }

  @Post('notes')
  @CommandRoute('AddNote', 'Adds a note for staff.')
  addNote(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: AddNoteBody,
  ): Promise<CommandAnswer> {
    const { text } = body;
    const command = { type: 'AddNote', data: {}, personal: { text } } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Post('notes/:noteId/redact')
  @CommandRoute(
    'RedactNote',
    'Redacts a note: no read shows its text any more, not even as of an earlier moment.',
  )
  redactNote(
    @AskedBy() asked: Asked,
    @Param() { orderId, noteId }: NotePath,
    @Body() body: ReasonBody,
  ): Promise<CommandAnswer> {
    const { reason } = body;
    const command = { type: 'RedactNote', data: { noteId, reason }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Put('tags')
  @CommandRoute('ChangeTags', 'Replaces the tags of the order.', { idempotencyKey: 'optional' })
  changeTags(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: ChangeTagsBody,
  ): Promise<CommandAnswer> {
    const { tags } = body;
    const command = { type: 'ChangeTags', data: { tags }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }

  @Put('attributes')
  @CommandRoute(
    'ChangeAttributes',
    'Replaces the attributes of the order. With If-Match, nothing is lost that others have changed since.',
    { idempotencyKey: 'optional' },
  )
  changeAttributes(
    @AskedBy() asked: Asked,
    @Param() { orderId }: OrderPath,
    @Body() body: ChangeAttributesBody,
  ): Promise<CommandAnswer> {
    const { attributes } = body;
    const command = { type: 'ChangeAttributes', data: { attributes }, personal: null } as const;
    return this.#orders.change({ asked, orderId, body, command });
  }
}
