import { NestedObject } from '#platform/http/list-fields.js';
import { CommandBody } from './common.dto.js';
import { ContactDto } from './content.dto.js';

export class ChangeContactBody extends CommandBody {
  @NestedObject(ContactDto, {
    description: 'Whom to reach from now on. What is absent here is not known any more.',
  })
  contact!: ContactDto;
}
