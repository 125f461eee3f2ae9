import { ConfigError, envUrl, type Setting } from '#platform/config.js';
import type { ConfigName } from '#platform/config-names.js';
import { ConnectionStringError, openClient } from './open-client.js';

/** A connection string of EventStoreDB, as its client understands it: an URL but for the further seeds of a cluster. */
export function envEventStoreUrl(variable: ConfigName): Setting<string> {
  const withOneSeed = envUrl(variable, ['esdb:', 'esdb+discover:']);
  return {
    variable,
    read: (text) => {
      withOneSeed.read(text?.replace(/,[^/?]*/, ''));
      try {
        openClient(text!); // does not connect
      } catch (error) {
        if (!(error instanceof ConnectionStringError)) throw error;
        throw new ConfigError(`${variable} ${error.why}`); // no cause: it holds the string
      }
      return text!;
    },
  };
}
