import { ERASED, type Command, type Event } from '../decider.js';
import { sameContent } from '../equality.js';
import { changedPersonal, type DecideArea, type EvolveArea, type Nothing } from './area.js';
import { checkTexts } from './checks.js';
import type { Contact } from './content.js';
import { LIMITS } from './limits.js';
import { accept } from './rejections.js';

/** Whom to reach about the order is personal data as a whole. */
export type ContactEvent = Event<'ContactChanged', Nothing, { readonly contact: Contact }>;

/** `contact` replaces all of it. */
export type ContactCommand = Command<'ChangeContact', Nothing, { readonly contact: Contact }>;

export const evolveContact: EvolveArea<ContactEvent> = {
  ContactChanged: (order, { personal }) => ({
    ...order,
    personal: changedPersonal(order.personal, personal, (known, { contact }) => ({ ...known, contact })),
  }),
};

export const decideContact: DecideArea<ContactCommand, ContactEvent> = {
  ChangeContact: (order, { personal }) => {
    const { contact } = personal;
    if (order.personal !== ERASED && sameContent(order.personal.contact, contact)) return accept();
    const wrong = checkTexts(contact, LIMITS.nameCharacters, 'contact');
    return wrong ?? accept({ type: 'ContactChanged', data: {}, personal });
  },
};
