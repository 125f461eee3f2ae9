import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConfigError, readConfig } from '#platform/config.js';
import { envEventStoreUrl } from './event-store-url.js';

const read = (url: string) =>
  readConfig({ url: envEventStoreUrl('ORDERLOG_EVENT_STORE_URL') }, { ORDERLOG_EVENT_STORE_URL: url }).url;

describe('the setting of where the event store is', () => {
  let warned: jest.SpiedFunction<typeof console.warn>;
  beforeEach(() => {
    warned = jest.spyOn(console, 'warn').mockImplementation(() => {});
  });
  afterEach(() => warned.mockRestore());

  it.each([
    'esdb://127.0.0.1:2113?tls=false',
    'esdb://me:s%3Acret@a.example:2113,b.example:2113,c.example:2113?tls=true&tlsCAFile=package.json',
    'esdb+discover://me:secret@cluster.example:2113?nodePreference=leader',
    'esdb://localhost:2113?tls=false&tlsVerifyCert=false&keep_alive_interval=5000',
  ])('takes a connection string as it is: %s', (url) => {
    expect(read(url)).toBe(url);
    expect(warned).not.toHaveBeenCalled();
  });

  it.each([
    ['is not a URL of the right kind: give esdb://… or esdb+discover://…', 'http://me:s3cret@h'],
    [
      'is not understood: after 28 characters there should be true or false',
      'esdb://me:s3cret@h:2113?tls=perhaps',
    ],
    [
      'is not understood: after 39 characters there should be leader or ',
      'esdb://me:s3cret@h:2113?nodePreference=boss',
    ],
    [
      'is not understood: after 38 characters there should be Integer',
      'esdb://me:s3cret@h:2113?gossipTimeout=soon',
    ],
    ['is not understood: after 23 characters there should be ?key=value', 'esdb://me:s3cret@h:2113?tls'],
    [
      'is not understood: after 24 characters there is an option that the client does not know',
      'esdb://me:s3cret@h:2113?colour=red',
    ],
    [
      'cannot be used: Failed to load certificate file. File was not found.',
      'esdb://me:s3cret@h?tlsCAFile=/none',
    ],
    ['cannot be used: userCertFile must be given with ', 'esdb://me:s3cret@h?userCertFile=package.json'],
  ])('stops a start in one line, which %s', (why, url) => {
    const reading = () => read(url);
    expect(reading).toThrow(ConfigError);
    expect(reading).toThrow(`ORDERLOG_EVENT_STORE_URL ${why}`);
    expect(reading).not.toThrow(/\n|s3cret/);
    expect(warned).not.toHaveBeenCalled();
  });

  it('is asked for where it is not set', () => {
    expect(() => read('')).toThrow('ORDERLOG_EVENT_STORE_URL is not set: The event store');
  });
});
