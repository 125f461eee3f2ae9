import type { ContactEvent } from '#domain/order/contact.js';
import { publish, type PublishedPart } from './publish.js';

export const publishedContact: PublishedPart<ContactEvent> = {
  ContactChanged: publish(
    1,
    'Whom to reach about the order was changed. That is personal data, which is not published.',
    {},
    () => ({}),
  ),
};
