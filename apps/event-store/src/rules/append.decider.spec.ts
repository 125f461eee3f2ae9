import { describe, expect, it } from '@jest/globals';
import { decideAppend, type KnownEvent } from './append.decider.js';
import { ABSENT, SOFT_DELETED, type StreamState } from './stream-state.js';

const present: StreamState = { ...ABSENT, revision: 2 };
const softDeleted: StreamState = { ...present, metaRevision: 0, metadata: { $tb: SOFT_DELETED } };
const nothing = () => undefined;
const knowing =
  (events: Record<string, KnownEvent>) =>
  (id: string): KnownEvent | undefined =>
    events[id];

const at = (revision: number, stream = 's'): KnownEvent => ({ stream, revision, position: revision + 100 });

describe('deciding an append', () => {
  it('accepts the head and refuses what is beyond it', () => {
    expect(decideAppend('s', present, 2, ['a'], nothing)).toEqual({ kind: 'append', recreates: false });
    expect(decideAppend('s', present, 3, ['a'], nothing)).toEqual({ kind: 'wrong-expected-revision' });
    expect(decideAppend('s', ABSENT, 'no_stream', ['a'], nothing)).toEqual({
      kind: 'append',
      recreates: false,
    });
  });

  it('leaves it to the stored rows whether something below the head is a repeat', () => {
    expect(decideAppend('s', present, 0, ['a'], nothing)).toEqual({
      kind: 'repeated-if-stored',
      expected: 0,
    });
    const known = knowing({ a: at(1) });
    expect(decideAppend('s', present, 0, ['a', 'b'], known)).toEqual({
      kind: 'repeated-if-stored',
      expected: 0,
    });
  });

  it('knows a repeat when all its ids are remembered at their places', () => {
    const known = knowing({ a: at(1), b: at(2) });
    expect(decideAppend('s', present, 0, ['a', 'b'], known)).toEqual({
      kind: 'repeated',
      revision: 2,
      position: 102,
    });
    expect(decideAppend('s', present, 0, ['b', 'a'], known)).toEqual({
      kind: 'repeated-if-stored',
      expected: 0,
    });
  });

  it('expecting any, looks at ids only', () => {
    const known = knowing({ a: at(1), b: at(2), c: at(0, 'other') });
    expect(decideAppend('s', present, 'any', ['a', 'b'], known)).toMatchObject({
      kind: 'repeated',
      revision: 2,
    });
    expect(decideAppend('s', present, 'any', ['a', 'new'], known)).toEqual({
      kind: 'wrong-expected-revision',
    });
    expect(decideAppend('s', present, 'any', ['new', 'a'], known)).toMatchObject({ kind: 'append' });
    expect(decideAppend('s', present, 'any', ['c'], known)).toMatchObject({ kind: 'append' });
  });

  it('recreates a soft-deleted stream, except where it has to exist', () => {
    for (const expected of ['any', 'no_stream', 2] as const) {
      expect(decideAppend('s', softDeleted, expected, ['a'], nothing)).toEqual({
        kind: 'append',
        recreates: true,
      });
    }
    expect(decideAppend('s', softDeleted, 'stream_exists', ['a'], nothing)).toEqual({
      kind: 'stream-deleted',
    });
  });

  it('takes what a deleted stream began with for a repeat, and half of it for a mistake', () => {
    const known = knowing({ a: at(0), b: at(1) });
    expect(decideAppend('s', softDeleted, 'no_stream', ['a', 'b'], known)).toMatchObject({
      kind: 'repeated',
    });
    expect(decideAppend('s', softDeleted, 'no_stream', ['a', 'c'], known)).toEqual({
      kind: 'wrong-expected-revision',
    });
    expect(decideAppend('s', softDeleted, 'no_stream', ['c', 'b'], known)).toEqual({
      kind: 'append',
      recreates: true,
    });
  });

  it('takes a stream that has only metadata as one that exists', () => {
    const state = { ...ABSENT, metaRevision: 0, metadata: {} };
    expect(decideAppend('s', state, 'stream_exists', ['a'], nothing)).toMatchObject({ kind: 'append' });
    expect(decideAppend('s', ABSENT, 'stream_exists', ['a'], nothing)).toEqual({
      kind: 'wrong-expected-revision',
    });
  });

  it('counts a metastream by its own revisions and ends it with its stream', () => {
    const state = { ...present, metaRevision: 4, metadata: {} };
    expect(decideAppend('$$s', state, 4, ['a'], nothing)).toEqual({ kind: 'append', recreates: false });
    expect(decideAppend('$$s', { ...state, tombstoned: true }, 4, ['a'], nothing)).toEqual({
      kind: 'stream-deleted',
    });
  });
});
