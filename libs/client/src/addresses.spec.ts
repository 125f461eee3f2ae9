import { describe, expect, it } from '@jest/globals';
import { Addresses } from './addresses.js';

describe('the addresses of an API', () => {
  it('are gone on with once for all calls that failed at the same one, and begun with again after the last', () => {
    const addresses = new Addresses('query-api', ['http://a', 'http://b/', 'http://c', 'http://c/']);
    for (const next of ['http://b', 'http://c', 'http://a']) {
      const failed = addresses.preferred;
      addresses.moveOn(failed);
      addresses.moveOn(failed);
      expect(addresses.preferred).toBe(next);
    }
  });

  it('are of http or https', () => {
    const refusal = new TypeError('ftp://a is not an http or https address');
    expect(() => new Addresses('query-api', ['https://a', 'ftp://a'])).toThrow(refusal);
  });
});
