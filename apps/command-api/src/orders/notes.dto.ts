import { LIMITS } from '#domain/order/limits.js';
import { Text } from '#platform/http/fields.js';
import { TextList } from '#platform/http/list-fields.js';
import { CommandBody } from './common.dto.js';

export class AddNoteBody extends CommandBody {
  @Text({
    max: LIMITS.noteCharacters,
    description: 'The text of the note, for staff only. It can be redacted later.',
    example: 'Called: leave it at the door.',
  })
  text!: string;
}

export class ChangeTagsBody extends CommandBody {
  @TextList({
    max: LIMITS.tags,
    itemMax: LIMITS.tagCharacters,
    description: 'All tags of the order from now on.',
    example: ['gift', 'vip'],
  })
  tags!: string[];
}
