import { describe, expect, it } from '@jest/globals';
import { ABSENT, isSoftDeleted, parseMetadata, visibleFrom, type StreamState } from './stream-state.js';

const NOW_MS = 1_000_000;
const holding = (metadata: Record<string, unknown>): StreamState => ({
  ...ABSENT,
  revision: 9,
  metaRevision: 3,
  metadata,
});

describe('what a read may show', () => {
  it.each([
    [{}, 0, 0],
    [{ $maxCount: 3 }, 7, 0],
    [{ $maxCount: 100 }, 0, 0],
    [{ $tb: 5 }, 5, 0],
    [{ $tb: 5, $maxCount: 2 }, 8, 0],
    [{ $maxAge: 10 }, 0, NOW_MS - 10_000],
    [{ $maxCount: 0 }, 0, 0],
    [{ $maxCount: 1.5, $tb: '3', $maxAge: null }, 0, 0],
  ])('of a stream of ten events with %j', (metadata, minRevision, minCreatedMs) => {
    expect(visibleFrom('s', holding(metadata), NOW_MS)).toEqual({ minRevision, minCreatedMs });
  });

  it('of a metastream is its last event', () => {
    expect(visibleFrom('$$s', holding({ $tb: 9 }), NOW_MS)).toEqual({ minRevision: 3, minCreatedMs: 0 });
  });
});

describe('metadata', () => {
  it('marks a soft deletion by the largest $tb there is', () => {
    const metadata = parseMetadata(Buffer.from('{"$tb":9223372036854775807}'));
    expect(isSoftDeleted(holding(metadata!))).toBe(true);
    expect(isSoftDeleted(holding({ $tb: 10 }))).toBe(false);
  });

  it('is nothing when it is no JSON object', () => {
    for (const text of ['', '{', '7', 'null', '"x"']) expect(parseMetadata(Buffer.from(text))).toBeNull();
  });
});
