import { describe, expect, it } from '@jest/globals';
import { errors } from '@elastic/elasticsearch';
import { StoreUnavailable } from '#event-store/errors.js';
import { isAway } from './interruptions.js';

type Answer = ConstructorParameters<typeof errors.ResponseError>[0];

const answered = (statusCode: number) =>
  new errors.ResponseError({ statusCode, body: {}, headers: {}, meta: {} } as Answer);

describe('a store', () => {
  it.each([
    ['Elasticsearch, where nobody answers', new errors.ConnectionError('connect ECONNREFUSED')],
    ['Elasticsearch, where an answer takes too long', new errors.TimeoutError('Request timed out')],
    ['Elasticsearch, where no node is left', new errors.NoLivingConnectionsError('none', {} as Answer)],
    ...[429, 502, 503, 504].map(
      (status) => [`Elasticsearch, that answers ${status}`, answered(status)] as const,
    ),
    ['PostgreSQL', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['KurrentDB', new StoreUnavailable('connect')],
  ])('is away: %s', (_, error) => {
    expect(isAway(error)).toBe(true);
  });

  it.each([
    ...[400, 403, 404, 409, 500].map(
      (status) => [`Elasticsearch answers ${status}`, answered(status)] as const,
    ),
    ['Elasticsearch is another product', new errors.ProductNotSupportedError('Elasticsearch', {} as Answer)],
    ['a request cannot be written', new errors.SerializationError('no', {})],
    ['a bug', new TypeError('undefined is not a function')],
  ])('is not away where waiting helps nothing: %s', (_, error) => {
    expect(isAway(error)).toBe(false);
  });
});
