import type { LocaleData } from 'i18n-iso-countries';
import { createRequire } from 'node:module';
import { countries } from '#platform/countries.js';

const load = createRequire(import.meta.url);
countries.registerLocale(load('i18n-iso-countries/langs/en.json') as LocaleData);

/** Names that shops use and the ISO list does not know. */
const ALIASES: Readonly<Record<string, string>> = { EIRE: 'IE', RSA: 'ZA', USA: 'US' };

/** The ISO 3166-1 alpha-2 code of a country's English name; null where it has none. */
export function countryCode(name: string): string | null {
  const trimmed = name.trim();
  return ALIASES[trimmed.toUpperCase()] ?? countries.getAlpha2Code(trimmed, 'en') ?? null;
}
