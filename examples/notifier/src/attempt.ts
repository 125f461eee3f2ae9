import type { OrderlogClient } from 'orderlog-client';
import type { PoolClient } from 'pg';
import { AWAY_PAUSE_MAX_MS, pauseMs } from './backoff.js';
import { addressOn, channelOf, customerOf, messageIdOf } from './channels.js';
import type { DeadLetters } from './dead-letters.js';
import { NOT_CHOSEN, type DueMessage, type Outcome } from './inbox.js';
import { causeOf, log } from './log.js';
import type { Mailer } from './mailer.js';
import { NotSent, type Hindrance } from './not-sent.js';
import { readOrderEvent, type OrderEvent } from './order-event.js';
import { readOrder } from './orders.js';
import { isChosen, preferencesOf, type Preferences } from './preferences.js';
import type { Settings } from './settings.js';
import { shipmentIn, textOf } from './texts.js';

export interface AttemptOptions {
  readonly settings: Settings;
  readonly orders: OrderlogClient;
  readonly mailer: Mailer;
  readonly deadLetters: DeadLetters;
  /**
   * Called after each try. `away`: an engine could not be reached, or served nobody; `there`: any other outcome.
   */
  readonly onEngines: (condition: 'there' | 'away') => void;
}

/** Tries once to send a message. The outcome is decided here, and the inbox stores it. */
export async function attemptMessage(
  message: DueMessage,
  client: PoolClient,
  options: AttemptOptions,
): Promise<Outcome> {
  const fields = { event: message.eventId, type: message.type, channel: channelOf(message.recipient) };
  // A failure here is a failure of the inbox's database: the message stays as it was.
  const preferences = await preferencesOf(client, customerOf(message.recipient));
  try {
    const outcome = await send(message, preferences, options);
    options.onEngines('there');
    log('info', `a message was ${outcome.state}`, {
      ...fields,
      ...('reason' in outcome ? { reason: outcome.reason } : {}),
    });
    return outcome;
  } catch (error) {
    // An unexpected error is counted against this message: it must neither stop the others nor be forgotten.
    const hindrance: Hindrance = error instanceof NotSent ? error.hindrance : 'failed';
    const reason = error instanceof NotSent ? error.message : `error: ${causeOf(error)}`;
    options.onEngines(hindrance === 'away' ? 'away' : 'there');
    const outcome = await afterFailure(message, hindrance, reason, options);
    const level = outcome.state === 'dead' ? 'error' : 'warn';
    log(
      level,
      outcome.state === 'dead' ? 'a message became a dead letter' : 'a message could not be sent yet',
      { ...fields, hindrance, reason },
    );
    return outcome;
  }
}

async function send(
  message: DueMessage,
  preferences: Preferences,
  { settings, orders, mailer }: AttemptOptions,
): Promise<Outcome> {
  const event = eventOf(message, settings.NOTIFIER_TENANT);
  const channel = channelOf(message.recipient);
  // Checked again: a customer who has said no since the event came does not want a late message either.
  if (!isChosen(channel, event.messageType, preferences)) return { state: 'skipped', reason: NOT_CHOSEN };
  const order = await readOrder(orders, event.orderId, event.revision);
  if (order.personal === 'erased') return { state: 'skipped', reason: 'personal data erased' };
  const { contact } = order.personal;
  const to = contact === null ? null : addressOn(channel, contact, settings.NOTIFIER_SMS_DOMAIN);
  if (to === null) return { state: 'skipped', reason: 'no address' };
  const isLost = shipmentIn(event.data, order)?.status === 'lost';
  if (isLost) return { state: 'skipped', reason: 'shipment lost' };
  const text = textOf(event.messageType, preferences.locale, order, event.data);
  const from = settings.NOTIFIER_FROM;
  const messageId = messageIdOf(message, from.slice(from.indexOf('@') + 1));
  await mailer.send(
    channel === 'sms' ? { subject: '', body: text.subject, to, messageId } : { ...text, to, messageId },
  );
  return { state: 'sent' };
}

async function afterFailure(
  message: DueMessage,
  hindrance: Hindrance,
  reason: string,
  { settings, deadLetters }: AttemptOptions,
): Promise<Outcome> {
  const counted = hindrance === 'failed' || hindrance === 'refused';
  const attempts = message.attempts + (counted ? 1 : 0);
  const isDead = hindrance === 'refused' || (counted && attempts >= settings.NOTIFIER_MAX_ATTEMPTS);
  // The topic is written before the inbox: a crash between the two makes a second dead letter, but loses none.
  if (isDead) await deadLetters.add(message.raw, reason, { ...message, attempts });
  if (isDead) return { state: 'dead', reason };
  const failures = attempts + message.waits + (counted ? 0 : 1);
  const maxMs = hindrance === 'away' ? AWAY_PAUSE_MAX_MS : settings.NOTIFIER_RETRY_MAX_MS;
  return { state: 'waiting', reason, counted, pauseMs: pauseMs(failures, settings.NOTIFIER_RETRY_MS, maxMs) };
}

/** The event, read as it was when it came, but at any age. */
function eventOf({ raw }: DueMessage, tenant: string): OrderEvent {
  const reading = readOrderEvent(raw, { tenant, maxAgeMs: Infinity });
  if (reading.kind !== 'event') throw new NotSent('failed', `the event is ${reading.kind}: ${reading.why}`);
  return reading.event;
}
