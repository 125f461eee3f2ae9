import { createHash } from 'node:crypto';
import type { Contact } from './orders.js';

/** Ways to a customer. Both go through the SMTP server: text messages are e-mails to a provider's gateway. */
export const channels = ['email', 'sms'] as const;
export type Channel = (typeof channels)[number];

/** The identity of a message. A message is sent once. */
export interface MessageKey {
  readonly eventId: string;
  /** A customer on one channel, without any address: `email:17850`, and `email:` for the guest of an order. */
  readonly recipient: string;
  readonly type: string;
}

export function recipientOn(channel: Channel, customerId: string | null): string {
  return `${channel}:${customerId ?? ''}`;
}

export function channelOf(recipient: string): Channel {
  return recipient.slice(0, recipient.indexOf(':')) as Channel;
}

/** Null: a guest. */
export function customerOf(recipient: string): string | null {
  return recipient.slice(recipient.indexOf(':') + 1) || null;
}

/** The SMTP address of a contact on a channel; null: the contact has none. */
export function addressOn(channel: Channel, { email, phone }: Contact, smsDomain: string): string | null {
  switch (channel) {
    case 'email':
      return email;
    case 'sms': {
      const digits = phone?.replace(/\D/g, '') ?? '';
      return digits === '' || smsDomain === '' ? null : `${digits}@${smsDomain}`;
    }
  }
}

/** Whether the text is one address and nothing else: it must not become a list of addresses, or another header. */
export function isEmailAddress(text: string): boolean {
  return /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/.test(text) && text.length <= 254;
}

/**
 * The Message-ID. It is the same whenever the same message is sent again, so that mail servers and programs can
 * recognise a second copy (RFC 5322, section 3.6.4).
 */
export function messageIdOf({ eventId, recipient, type }: MessageKey, domain: string): string {
  const name = createHash('sha256')
    .update(JSON.stringify([eventId, recipient, type]))
    .digest('hex');
  return `<${name.slice(0, 32)}@${domain}>`;
}
