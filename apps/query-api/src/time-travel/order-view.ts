import { ERASED, type Erased } from '#domain/decider.js';
import type { Order, OrderPersonal } from '#domain/order/state.js';
import type { ParkedAt } from '#read-models/readers/parked.reader.js';
import { documentOf, forCustomer, type OrderDocument } from '#read-models/order-document.js';

/** Marks an order that is older than the projection: a later event of it could not be applied. */
export interface Stale {
  readonly stale: true;
  readonly staleReason: string;
}

/** An order as the API shows it. */
export type OrderView = OrderDocument & { readonly personal: OrderPersonal | Erased } & Partial<Stale>;

/** Only staff are told the reason: it may reveal how the system works. */
export function staleness({ reason }: ParkedAt, forCustomers: boolean): Stale {
  return {
    stale: true,
    staleReason: forCustomers ? 'a later change of the order cannot be shown yet' : reason,
  };
}

/** The document and the personal part of a row as one JSON text, without parsing either. */
export function spliceView(document: string, personal: string, stale: Stale | null): string {
  const more = stale === null ? '' : `,${JSON.stringify(stale).slice(1, -1)}`;
  return `${document.slice(0, -1)},"personal":${personal}${more}}`;
}

/**
 * An order as it was, without the text of notes that were redacted later. Such a note is marked as redacted, so
 * that a reader knows why its text is missing.
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

/** The same for the customer whose order it is: the text of notes is personal data, and not the customer's. */
export function viewForCustomer(view: OrderView): OrderView {
  return { ...forCustomer(view), personal: withoutNotes(view.personal, () => true) };
}

function withoutNotes(
  personal: OrderPersonal | Erased,
  hides: (noteId: string) => boolean,
): OrderPersonal | Erased {
  if (personal === ERASED) return personal;
  const notes = Object.fromEntries(Object.entries(personal.notes).filter(([noteId]) => !hides(noteId)));
  return { ...personal, notes };
}
