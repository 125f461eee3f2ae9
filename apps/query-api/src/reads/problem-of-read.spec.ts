import { describe, expect, it } from '@jest/globals';
import { SearchUnavailable } from '#read-models/search/search-unavailable.js';
import { problemOfRead } from './problem-of-read.js';

describe('what clients are told of a read that failed', () => {
  it('that the search engine is away, and when to try again', () => {
    const problem = problemOfRead(new SearchUnavailable(new Error('connect ECONNREFUSED')));
    expect(problem).toMatchObject({ code: 'search_unavailable', headers: { 'retry-after': '2' } });
  });

  it('nothing of a bug', () => {
    expect(problemOfRead(new TypeError('x is undefined'))).toBeUndefined();
  });
});
