import { runApp } from '#platform/lifecycle.js';
import { settingsFromEnvironment } from './settings.js';
import { startQueryApi } from './start.js';

await runApp('query-api', (logger) => startQueryApi(settingsFromEnvironment(), logger));
