import { isEmailAddress } from './channels.js';
import type { Bounds } from './order-event.js';

/** A setting that is missing, wrong or unknown. The message is one line: which, why, what to do. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

interface Setting<T> {
  readonly otherwise?: T;
  readonly parse: (text: string) => T | undefined;
  /** What to give instead of a wrong value. */
  readonly remedy: string;
}

const text = (otherwise?: string): Setting<string> => ({
  ...(otherwise === undefined ? {} : { otherwise }),
  parse: (given) => given,
  remedy: 'give a value',
});
const matching = (pattern: RegExp, remedy: string, otherwise?: string): Setting<string> => ({
  ...text(otherwise),
  parse: (given) => (pattern.test(given) ? given : undefined),
  remedy,
});
const integer = (min: number, max: number, otherwise: number): Setting<number> => ({
  otherwise,
  parse: (given) => {
    const value = /^\d{1,12}$/.test(given) ? Number(given) : NaN;
    return value >= min && value <= max ? value : undefined;
  },
  remedy: `give a whole number, ${min} to ${max}`,
});
const url = (...protocols: string[]): Setting<string> => ({
  parse: (given) => (URL.canParse(given) && protocols.includes(new URL(given).protocol) ? given : undefined),
  remedy: `give ${protocols.map((protocol) => `${protocol}//…`).join(' or ')}`,
});
const brokers: Setting<readonly string[]> = {
  parse: (given) => (/^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$/.test(given) ? given.split(',') : undefined),
  remedy: 'give HOST:PORT, several with commas between',
};
const email: Setting<string> = {
  parse: (given) => (isEmailAddress(given) ? given : undefined),
  remedy: 'give an address, such as shop@example.org',
};

const HOUR_MS = 3_600_000;
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;

/** Every setting, by its environment variable. README.md tells what they mean. */
const known = {
  NOTIFIER_KAFKA_BROKERS: brokers,
  NOTIFIER_TOPIC: matching(TOPIC, 'give the name of a topic', 'orders.events.v1'),
  NOTIFIER_DEAD_LETTERS_TOPIC: matching(TOPIC, 'give the name of a topic', 'orders.notifications.dlq.v1'),
  NOTIFIER_GROUP: text('notifier'),
  NOTIFIER_POSTGRES_URL: url('postgres:', 'postgresql:'),
  NOTIFIER_SCHEMA: matching(/^[a-z][a-z0-9_]{0,62}$/, 'give lower-case letters, digits and _', 'notifier'),
  NOTIFIER_QUERY_URL: url('http:', 'https:'),
  NOTIFIER_TOKEN_FILE: text(),
  NOTIFIER_TENANT: matching(/^[a-z0-9_]{1,32}$/, 'give the name of a tenant', 'default'),
  NOTIFIER_SMTP_URL: url('smtp:', 'smtps:'),
  NOTIFIER_FROM: email,
  NOTIFIER_SMS_DOMAIN: matching(/^([a-z0-9.-]+)?$/i, 'give a domain, or nothing', ''),
  NOTIFIER_CONCURRENCY: integer(1, 100, 4),
  NOTIFIER_MAX_ATTEMPTS: integer(1, 100, 12),
  NOTIFIER_RETRY_MS: integer(10, 3_600_000, 5_000),
  NOTIFIER_RETRY_MAX_MS: integer(10, 86_400_000, 3_600_000),
  NOTIFIER_MAX_AGE_HOURS: integer(1, 87_600, 168),
} satisfies Readonly<Record<`NOTIFIER_${string}`, Setting<unknown>>>;

type Known = typeof known;
export type Settings = { readonly [Name in keyof Known]: Known[Name] extends Setting<infer T> ? T : never };

/** @throws SettingsError when a setting is missing or wrong, or a NOTIFIER_ variable is unknown */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const strange = Object.keys(environment).find((name) => name.startsWith('NOTIFIER_') && !(name in known));
  if (strange !== undefined)
    throw new SettingsError(`${strange} is not a setting: README.md lists all settings`);
  const entries = Object.entries(known as Record<string, Setting<unknown>>).map(([name, setting]) => [
    name,
    valueOf(name, environment[name] ?? '', setting),
  ]);
  return Object.fromEntries(entries) as Settings;
}

/** Which events the notifier tells of. */
export function boundsOf({
  NOTIFIER_TENANT,
  NOTIFIER_MAX_AGE_HOURS,
}: Pick<Settings, 'NOTIFIER_TENANT' | 'NOTIFIER_MAX_AGE_HOURS'>): Bounds {
  return { tenant: NOTIFIER_TENANT, maxAgeMs: NOTIFIER_MAX_AGE_HOURS * HOUR_MS };
}

function valueOf(name: string, given: string, { otherwise, parse, remedy }: Setting<unknown>): unknown {
  if (given === '' && otherwise !== undefined) return otherwise;
  if (given === '') throw new SettingsError(`${name} is not set: ${remedy}`);
  const value = parse(given);
  // The value is not repeated: URLs hold passwords.
  if (value === undefined) throw new SettingsError(`${name} is wrong: ${remedy}`);
  return value;
}
