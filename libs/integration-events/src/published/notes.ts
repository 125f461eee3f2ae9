import type { NoteEvent } from '#domain/order/notes.js';
import { id, list, text, texts } from '../fields.js';
import { publish, type PublishedPart } from './publish.js';

const noteId = id('The id of the note within the order.');

/** The text of a note is personal data, and the reason of a redaction may repeat it: neither is published. */
export const publishedNotes: PublishedPart<NoteEvent> = {
  NoteAdded: publish(
    1,
    'A note was added. Its text is not published.',
    { noteId },
    ({ data: { noteId } }) => ({ noteId }),
  ),
  NoteRedacted: publish(1, 'The text of a note was removed.', { noteId }, ({ data: { noteId } }) => ({
    noteId,
  })),
  TagsChanged: publish(
    1,
    'The tags of the order were changed.',
    { tags: list(text('A tag.'), 'All tags of the order from now on.') },
    ({ data: { tags } }) => ({ tags }),
  ),
  AttributesChanged: publish(
    1,
    'The attributes of the order were changed.',
    { attributes: texts('All names and values that the caller gives the order from now on.') },
    ({ data: { attributes } }) => ({ attributes }),
  ),
};
