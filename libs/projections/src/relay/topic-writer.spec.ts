import { describe, expect, it } from '@jest/globals';
import type { OutgoingMessage } from '#integration-events/kafka-binding.js';
import { requestsOf } from './topic-writer.js';

const message = (bytes: number): OutgoingMessage => ({ key: 'k', value: 'v'.repeat(bytes), headers: {} });
const sizes = (bytes: readonly number[], limit: number) =>
  [...requestsOf(bytes.map(message), limit)].map((request) => request.map(({ value }) => value.length));

describe('requests to a topic', () => {
  it('hold as much as fits, in order', () => {
    expect(sizes([], 1_000)).toEqual([]);
    expect(sizes([100, 100, 100], 1_000)).toEqual([[100, 100, 100]]);
    expect(sizes([400, 400, 400, 400, 400], 1_000)).toEqual([[400, 400], [400, 400], [400]]);
  });

  it('hold a message alone that is too large for any', () => {
    expect(sizes([100, 2_000, 100, 100], 1_000)).toEqual([[100], [2_000], [100, 100]]);
    expect(sizes([2_000, 2_000], 1_000)).toEqual([[2_000], [2_000]]);
  });

  it('hold no more than 500 messages, however small', () => {
    expect(
      sizes(
        Array.from({ length: 1_200 }, () => 1),
        1_000_000,
      ).map((each) => each.length),
    ).toEqual([500, 500, 200]);
  });
});
