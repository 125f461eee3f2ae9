import type * as Countries from 'i18n-iso-countries';
import { createRequire } from 'node:module';

/** The package's own entry loads the names of all countries in eighty languages. This has the codes alone. */
export const countries = createRequire(import.meta.url)('i18n-iso-countries/index.js') as typeof Countries;
