import { describe, expect, it } from '@jest/globals';
import { differencesOf } from './verify-topic.js';

const streams = new Map([['default/o1', ['a', 'b', 'c']]]);
const nothing = { parked: new Map<string, number>(), trimmed: false };
const found = (sent: readonly string[], allowed: Partial<typeof nothing> = {}) =>
  differencesOf(streams, new Map([['default/o1', sent]]), { ...nothing, ...allowed }).map(({ path }) => path);

describe('a topic against the streams', () => {
  it('has every event, in order', () => {
    expect(found(['a', 'b', 'c'])).toEqual([]);
    expect(found(['a', 'c', 'b'])).toEqual(['topic: event 1']);
    expect(found(['a', 'b'])).toEqual(['topic: event 2']);
    expect(found(['b', 'c'])).toEqual(['topic: event 0']);
    expect(differencesOf(streams, new Map(), nothing)).toHaveLength(1);
  });

  it('may have events that were appended since', () => {
    expect(found(['a', 'b', 'c', 'd'])).toEqual([]);
  });

  it('has nothing of an order that is not there', () => {
    const sent = new Map([
      ['default/o1', ['a', 'b', 'c']],
      ['default/o2', ['x']],
    ]);
    expect(differencesOf(streams, sent, nothing)).toMatchObject([{ orderId: 'o2', actual: 'x' }]);
  });

  it('lacks what is parked', () => {
    expect(found(['a'], { parked: new Map([['default/o1', 1]]) })).toEqual([]);
    expect(found([], { parked: new Map([['default/o1', 1]]) })).toEqual(['topic: event 0']);
  });

  it('lacks the beginning of orders once retention has removed messages, but nothing between', () => {
    expect(found(['b', 'c'], { trimmed: true })).toEqual([]);
    expect(found([], { trimmed: true })).toEqual([]);
    expect(found(['b'], { trimmed: true })).toEqual(['topic: event 2']);
  });
});
