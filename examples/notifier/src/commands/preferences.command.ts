import type { Pool } from 'pg';
import { channels, type Channel } from '../channels.js';
import { openDatabase } from '../database.js';
import { messageTypes, type MessageType } from '../message-types.js';
import { isChosen, preferencesOf, setPreferences } from '../preferences.js';
import type { Settings } from '../settings.js';
import { locales } from '../texts.js';
import { UsageError, type Command } from './command.js';

export const showPreferences: Command = {
  options: {},
  parameters: 1,
  execute: (settings, _options, [customerId]) =>
    withDatabase(settings, async (pool) => {
      const preferences = await preferencesOf(pool, customerId!);
      const chosen = messageTypes.map(
        (type) => [type, channels.filter((channel) => isChosen(channel, type, preferences))] as const,
      );
      const told = {
        customer: customerId,
        locale: preferences.locale,
        channels: Object.fromEntries(chosen),
      };
      process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
    }),
};

export const changePreferences: Command = {
  options: { type: { type: 'string' }, channels: { type: 'string' }, locale: { type: 'string' } },
  parameters: 1,
  async execute(settings, { type = 'all', channels: listed, locale }, [customerId]) {
    if (listed === undefined && locale === undefined)
      throw new UsageError('give --channels, --locale or both');
    const changes = {
      ...(locale === undefined ? {} : { locale: oneOf(locales, locale, '--locale') }),
      ...(listed === undefined ? {} : { channels: { [typeOf(type)]: channelsIn(String(listed)) } }),
    };
    await withDatabase(settings, (pool) => setPreferences(pool, customerId!, changes));
  },
};

function typeOf(given: string | boolean): MessageType | 'all' {
  return given === 'all' ? 'all' : oneOf(messageTypes, given, '--type');
}

function channelsIn(listed: string): readonly Channel[] {
  return listed === 'none' ? [] : listed.split(',').map((given) => oneOf(channels, given, '--channels'));
}

function oneOf<T extends string>(known: readonly T[], given: string | boolean, option: string): T {
  const found = known.find((one) => one === given);
  if (found === undefined) throw new UsageError(`${option} must be one of ${known.join(', ')}`);
  return found;
}

async function withDatabase(settings: Settings, work: (pool: Pool) => Promise<void>): Promise<void> {
  const pool = await openDatabase(settings.NOTIFIER_POSTGRES_URL, settings.NOTIFIER_SCHEMA, 1);
  try {
    await work(pool);
  } finally {
    await pool.end();
  }
}
