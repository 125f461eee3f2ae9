import { LIMITS } from '#domain/order/limits.js';
import { Text } from '#platform/http/fields.js';
import { TextList } from '#platform/http/list-fields.js';
import { CommandBody } from './common.dto.js';

export class AddNoteBody extends CommandBody {
  @Text({
    max: LIMITS.noteCharacters,
    description: 'For staff only; can be redacted later.',
    example: 'Called: leave it at the door.',
  })
  text!: string;
}

export class ChangeTagsBody extends CommandBody {
  @TextList({
    max: LIMITS.tags,
    itemMax: LIMITS.tagCharacters,
    description: 'The whole new list.',
    example: ['gift', 'vip'],
  })
  tags!: string[];
}
