import { ConfigError, type Setting } from '#platform/config.js';
import { envUrl } from '#platform/env-settings.js';
import type { ConfigName } from '#platform/config-names.js';
import { ConnectionStringError, openClient } from './open-client.js';

/**
 * A connection string that EventStoreDB's client understands: a URL, except that a cluster may list further seeds.
 */
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
        throw new ConfigError(`${variable} ${error.why}`); // without the cause: that may hold the string
      }
      return text!;
    },
  };
}
