import type { Deadline } from '@grpc/grpc-js';

/** When the client stops waiting for the answer to a call, in ms since 1970; null: it gave no deadline. */
export function deadlineOf(call: { getDeadline(): Deadline }): number | null {
  const deadlineMs = Number(call.getDeadline());
  return Number.isFinite(deadlineMs) ? deadlineMs : null;
}
