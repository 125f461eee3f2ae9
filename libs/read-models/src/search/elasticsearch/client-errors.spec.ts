import { describe, expect, it } from '@jest/globals';
import { errors } from '@elastic/elasticsearch';
import { isClientError } from './client-errors.js';

const timedOut = new errors.TimeoutError('Request timed out');

describe('an error of the client of Elasticsearch', () => {
  it('is of its own kind, and of that of all of them', () => {
    expect(isClientError(timedOut, 'TimeoutError')).toBe(true);
    expect(isClientError(timedOut, 'ResponseError', 'TimeoutError')).toBe(true);
    expect(isClientError(timedOut, 'ElasticsearchClientError')).toBe(true);
    expect(isClientError(timedOut, 'ConnectionError', 'ResponseError')).toBe(false);
  });

  it.each([
    ['one of the platform with the same name', new DOMException('The operation timed out', 'TimeoutError')],
    ['one that only calls itself so', Object.assign(new Error('late'), { name: 'TimeoutError' })],
    ['one of another class of that name', new (class TimeoutError extends Error {})()],
    ['nothing', null],
    ['a text', 'TimeoutError'],
    ['an object without a class', Object.create(null)],
  ])('is not %s', (_, error: unknown) => {
    expect(isClientError(error, 'TimeoutError', 'ElasticsearchClientError')).toBe(false);
  });
});
