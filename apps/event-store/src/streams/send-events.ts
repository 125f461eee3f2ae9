import type { ReplyStream } from '../wire/reply-stream.js';

export const PAGE_MAX_EVENTS = 1_000;

/** Small enough that a slow reader costs little memory, large enough that a write per batch is cheap. */
const WRITE_MAX_BYTES = 128 * 1024;

/** Sends frames in a few large writes, each after the previous one is taken. False: nobody listens any more. */
export async function sendFrames(reply: ReplyStream, frames: readonly Buffer[]): Promise<boolean> {
  let start = 0;
  let bytes = 0;
  for (let index = 0; index < frames.length; index++) {
    bytes += frames[index]!.length;
    if (bytes < WRITE_MAX_BYTES && index < frames.length - 1) continue;
    if (!(await reply.send(frames.slice(start, index + 1)))) return false;
    start = index + 1;
    bytes = 0;
  }
  return reply.isOpen;
}

/** Yields pages one after another. While one is handled, the next is already being fetched. null: there is none. */
export async function* pagesAhead<Page>(
  fetch: (previous: Page | null) => Promise<Page | null>,
): AsyncGenerator<Page> {
  let page = await fetch(null);
  while (page !== null) {
    const next = fetch(page);
    // A failure is seen when `next` is awaited. Until then it must not count as an unhandled rejection.
    next.catch(() => undefined);
    yield page;
    page = await next;
  }
}
