import { ERASED, type Command, type Event } from '../decider.js';
import { sameContent } from '../equality.js';
import { changedPersonal, type DecideArea, type EvolveArea, type Nothing } from './area.js';
import { checkAttributes, checkCount, checkReason, checkTags, checkText } from './checks.js';
import { freshId } from './identity.js';
import type { NoteId } from './ids.js';
import { LIMITS } from './limits.js';
import { accept, isRefusal, reject } from './rejections.js';
import type { Order } from './state.js';

export type NoteEvent =
  | Event<'NoteAdded', { readonly noteId: NoteId }, { readonly text: string }>
  | Event<'NoteRedacted', { readonly noteId: NoteId; readonly reason: string | null }>
  | Event<'TagsChanged', { readonly tags: readonly string[] }>
  | Event<'AttributesChanged', { readonly attributes: Readonly<Record<string, string>> }>;

export type NoteCommand =
  | Command<'AddNote', Nothing, { readonly text: string }>
  | Command<'RedactNote', { readonly noteId: NoteId; readonly reason: string | null }>
  /** `tags` replaces the whole list. */
  | Command<'ChangeTags', { readonly tags: readonly string[] }>
  /** `attributes` replaces all of them. */
  | Command<'ChangeAttributes', { readonly attributes: Readonly<Record<string, string>> }>;

export const evolveNotes: EvolveArea<NoteEvent> = {
  NoteAdded: (order, { data: { noteId }, occurredAt, personal }) => ({
    ...order,
    notes: [...order.notes, { noteId, redacted: false, at: occurredAt }],
    personal: changedPersonal(order.personal, personal, (known, { text }) => ({
      ...known,
      notes: { ...known.notes, [noteId]: text },
    })),
  }),

  NoteRedacted: (order, { data: { noteId } }) => ({
    ...order,
    notes: order.notes.map((note) => (note.noteId === noteId ? { ...note, redacted: true } : note)),
    personal: withoutText(order.personal, noteId),
  }),

  TagsChanged: (order, { data }) => ({ ...order, tags: data.tags }),

  AttributesChanged: (order, { data }) => ({ ...order, attributes: data.attributes }),
};

export const decideNotes: DecideArea<NoteCommand, NoteEvent> = {
  AddNote: (order, { personal }, context) => {
    const wrong = checkText(personal.text, LIMITS.noteCharacters, 'text');
    if (wrong) return wrong;
    const again = order.notes.find(({ noteId }) => noteId === context.newId(0));
    // A redacted or erased text cannot be compared. The same id then means the same request.
    const text = again && order.personal !== ERASED ? order.personal.notes[again.noteId] : undefined;
    if (again && (text ?? personal.text) === personal.text) return accept();
    const noteId = freshId(order, context);
    if (isRefusal(noteId)) return noteId;
    const tooMany = checkCount(order.notes.length + 1, LIMITS.notes, 'notes');
    return tooMany ?? accept({ type: 'NoteAdded', data: { noteId }, personal });
  },

  RedactNote: (order, { data }) => {
    const note = order.notes.find(({ noteId }) => noteId === data.noteId);
    if (!note) return reject('note_not_found', { noteId: data.noteId });
    if (note.redacted) return accept();
    return checkReason(data.reason) ?? accept({ type: 'NoteRedacted', data });
  },

  ChangeTags: (order, { data }) => {
    const tags = [...new Set(data.tags)];
    if (sameContent(tags, order.tags)) return accept();
    return checkTags(tags) ?? accept({ type: 'TagsChanged', data: { tags } });
  },

  ChangeAttributes: (order, { data }) => {
    if (sameContent(data.attributes, order.attributes)) return accept();
    return checkAttributes(data.attributes) ?? accept({ type: 'AttributesChanged', data });
  },
};

function withoutText(personal: Order['personal'], noteId: NoteId): Order['personal'] {
  if (personal === ERASED) return ERASED;
  const { [noteId]: _dropped, ...notes } = personal.notes;
  return { ...personal, notes };
}
