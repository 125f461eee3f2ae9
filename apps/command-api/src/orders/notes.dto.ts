import { LIMITS } from '#domain/order/limits.js';
import { Text } from '#platform/http/fields.js';
import { TextList, TextMap } from '#platform/http/list-fields.js';
import { attributeLimits, CommandBody } from './common.dto.js';

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

export class ChangeAttributesBody extends CommandBody {
  @TextMap({
    ...attributeLimits,
    description: "The caller's own facts about the order, by name: all of them from now on.",
    example: { channel: 'web', erpId: '4711' },
  })
  attributes!: Record<string, string>;
}
