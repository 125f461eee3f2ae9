import { ERASED, type Erased } from '#domain/decider.js';
import type { Order, OrderPersonal } from '#domain/order/state.js';
import { customerMay } from '#domain/order/transitions.js';
import { documentOf, type OrderDocument } from '#read-models/order-document.js';

/** An order as the API shows it. */
export type OrderView = OrderDocument & { readonly personal: OrderPersonal | Erased };

/** The document and the personal part of a row as one JSON text, without parsing either. */
export function spliceView(document: string, personal: string): string {
  return `${document.slice(0, -1)},"personal":${personal}}`;
}

/**
 * An order as it was, but for what may be shown no more: the text of a note that was redacted later.
 * The note says so at once, so that a reader knows why its text is missing.
 */
export function viewOf(order: Order, redactedNotes: ReadonlySet<string>): OrderView {
  const view = { ...documentOf(order), personal: order.personal };
  if (redactedNotes.size === 0 || !view.notes.some(({ noteId }) => redactedNotes.has(noteId))) return view;
  return {
    ...view,
    notes: view.notes.map((note) => (redactedNotes.has(note.noteId) ? { ...note, redacted: true } : note)),
    personal: withoutNotes(view.personal, (noteId) => redactedNotes.has(noteId)),
  };
}

/** What a customer sees of its own order: everything but the notes that staff made, and what only staff may do. */
export function forCustomer(view: OrderView): OrderView {
  return {
    ...view,
    notes: [],
    allowedCommands: view.allowedCommands.filter((type) => customerMay(view, type)),
    personal: withoutNotes(view.personal, () => true),
  };
}

function withoutNotes(
  personal: OrderPersonal | Erased,
  hides: (noteId: string) => boolean,
): OrderPersonal | Erased {
  if (personal === ERASED) return personal;
  const notes = Object.fromEntries(Object.entries(personal.notes).filter(([noteId]) => !hides(noteId)));
  return { ...personal, notes };
}
