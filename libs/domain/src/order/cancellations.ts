import type { Command, Event } from '../decider.js';
import type { LineQuantity } from './content.js';
import type { CancellationId } from './ids.js';

export type CancellationEvent = Event<
  'LinesCancelled',
  {
    readonly cancellationId: CancellationId;
    readonly lines: readonly LineQuantity[];
    readonly reason: string | null;
  }
>;

export type CancellationCommand = Command<
  'CancelLines',
  { readonly lines: readonly LineQuantity[]; readonly reason: string | null }
>;
