import type * as Countries from 'i18n-iso-countries';
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
// The package's own entry loads every language there is; English alone is enough.
const countries = load('i18n-iso-countries/index.js') as typeof Countries;
countries.registerLocale(load('i18n-iso-countries/langs/en.json') as Countries.LocaleData);

/** Names that shops use and the ISO list does not know. */
const ALIASES: Readonly<Record<string, string>> = { EIRE: 'IE', RSA: 'ZA', USA: 'US' };

/** The ISO 3166-1 alpha-2 code of a country's English name; null where it has none. */
export function countryCode(name: string): string | null {
  const trimmed = name.trim();
  return ALIASES[trimmed.toUpperCase()] ?? countries.getAlpha2Code(trimmed, 'en') ?? null;
}
