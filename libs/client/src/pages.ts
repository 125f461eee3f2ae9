import type { PageOptions } from './options.js';
import { pause } from './waiting.js';

/**
 * How to ask for the next page: lists by a `cursor`, until there is none; the feed `after` a position, for ever.
 */
export type PagesBy = 'cursor' | 'after';

interface Page {
  readonly items: readonly unknown[];
  readonly nextCursor?: string | null;
  readonly next?: string;
  readonly hasMore?: boolean;
}

export async function* pagesOf(
  ask: (more: object) => Promise<unknown>,
  by: PagesBy,
  { pollMs, signal }: PageOptions,
): AsyncGenerator<unknown> {
  let more = {};
  for (;;) {
    const page = (await ask(more)) as Page;
    yield page;
    signal?.throwIfAborted();
    if (by === 'cursor') {
      if (page.nextCursor === null || page.nextCursor === undefined) return;
      more = { cursor: page.nextCursor };
      continue;
    }
    more = { after: page.next };
    // Earlier releases do not send `hasMore`.
    if (page.hasMore ?? page.items.length > 0) continue;
    if (pollMs === undefined) return;
    await pause(pollMs, signal ?? null);
  }
}

export async function* itemsOf(
  ask: (more: object) => Promise<unknown>,
  by: PagesBy,
  options: PageOptions,
): AsyncGenerator<unknown> {
  for await (const page of pagesOf(ask, by, options)) {
    for (const item of (page as Page).items) {
      yield item;
      options.signal?.throwIfAborted();
    }
  }
}
