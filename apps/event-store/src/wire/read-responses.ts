import { frameOf } from './frames.js';
import { shared, streams } from './generated.js';

export function encodeConfirmation(subscriptionId: string): Buffer {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(subscriptionId);
  return frameOf(new streams.ReadResp().setConfirmation(confirmation).serializeBinary());
}

export function encodeStreamNotFound(stream: string): Buffer {
  const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
  const notFound = new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifier);
  return frameOf(new streams.ReadResp().setStreamNotFound(notFound).serializeBinary());
}

export function encodeCheckpoint(position: number): Buffer {
  const checkpoint = new streams.ReadResp.Checkpoint()
    .setCommitPosition(String(position))
    .setPreparePosition(String(position));
  return frameOf(new streams.ReadResp().setCheckpoint(checkpoint).serializeBinary());
}

export const CAUGHT_UP = frameOf(
  new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()).serializeBinary(),
);
export const FELL_BEHIND = frameOf(
  new streams.ReadResp().setFellBehind(new streams.ReadResp.FellBehind()).serializeBinary(),
);
