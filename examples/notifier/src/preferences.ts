import type { Pool, PoolClient } from 'pg';
import type { Channel } from './channels.js';
import type { MessageType } from './message-types.js';
import { DEFAULT_LOCALE, type Locale } from './texts.js';

/** Where a customer wants messages, and in which language. */
export interface Preferences {
  readonly locale: Locale;
  /** By type of message; `all` for the types that are not named. */
  readonly channels: Readonly<Partial<Record<MessageType | 'all', readonly Channel[]>>>;
}

/** The preferences of guests, and of customers who have not chosen. */
const DEFAULTS: Preferences = { locale: DEFAULT_LOCALE, channels: { all: ['email'] } };

/** The preferences of several customers, looked up at once. A null id is a guest. */
export async function preferencesOfAll(
  database: Pool | PoolClient,
  customerIds: readonly (string | null)[],
): Promise<(customerId: string | null) => Preferences> {
  const { rows } = await database.query<Preferences & { customerId: string }>(
    'SELECT customer_id AS "customerId", locale, channels FROM preferences WHERE customer_id = ANY ($1)',
    [[...new Set(customerIds)].filter((id) => id !== null)],
  );
  const known = new Map<string | null, Preferences>();
  for (const { customerId, locale, channels } of rows)
    known.set(customerId, { locale, channels: { ...DEFAULTS.channels, ...channels } });
  return (customerId) => known.get(customerId) ?? DEFAULTS;
}

export async function preferencesOf(
  database: Pool | PoolClient,
  customerId: string | null,
): Promise<Preferences> {
  return (await preferencesOfAll(database, [customerId]))(customerId);
}

export function isChosen(channel: Channel, type: MessageType, { channels }: Preferences): boolean {
  return (channels[type] ?? channels.all ?? []).includes(channel);
}

/** Changes the preferences that are given and leaves the rest. */
export async function setPreferences(
  database: Pool,
  customerId: string,
  { locale, channels }: Partial<Preferences>,
): Promise<void> {
  await database.query(
    `INSERT INTO preferences AS known (customer_id, locale, channels)
     VALUES ($1, coalesce($2, $4), coalesce($3::jsonb, '{}'))
     ON CONFLICT (customer_id) DO UPDATE SET
       locale = coalesce($2, known.locale),
       channels = known.channels || coalesce($3::jsonb, '{}')`,
    [customerId, locale ?? null, channels === undefined ? null : JSON.stringify(channels), DEFAULT_LOCALE],
  );
}
