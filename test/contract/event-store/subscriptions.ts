import { once } from 'node:events';
import type { AllStreamSubscription, ResolvedEvent, StreamSubscription } from '@eventstore/db-client';

export type Subscription = AllStreamSubscription | StreamSubscription;

/** The first `count` events of a subscription that are wanted; then it is ended. */
export async function take(
  subscription: Subscription,
  count: number,
  isWanted: (event: ResolvedEvent) => boolean = () => true,
): Promise<ResolvedEvent[]> {
  const events: ResolvedEvent[] = [];
  for await (const event of subscription) {
    if (isWanted(event)) events.push(event);
    if (events.length === count) break;
  }
  // Leaving the loop is not enough: the client keeps the call until it is cancelled.
  await subscription.unsubscribe();
  return events;
}

/** Resolves when the server has taken the subscription. */
export const confirmed = (subscription: Subscription) => once(subscription, 'confirmation');

/** Resolves when it has delivered all history. Source: docs, "Catch-up subscriptions"; EventStoreDB 23.10 and later. */
export const caughtUp = (subscription: Subscription) => once(subscription, 'caughtUp');
