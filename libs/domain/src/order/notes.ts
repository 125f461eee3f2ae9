import type { Command, Event } from '../decider.js';
import type { NoteId } from './ids.js';

export type NoteEvent =
  | Event<'NoteAdded', { readonly noteId: NoteId }, { readonly text: string }>
  | Event<'NoteRedacted', { readonly noteId: NoteId; readonly reason: string | null }>
  | Event<'TagsChanged', { readonly tags: readonly string[] }>;

export type NoteCommand =
  | Command<'AddNote', Readonly<Record<string, never>>, { readonly text: string }>
  | Command<'RedactNote', { readonly noteId: NoteId; readonly reason: string | null }>
  /** The whole new list. */
  | Command<'ChangeTags', { readonly tags: readonly string[] }>;
